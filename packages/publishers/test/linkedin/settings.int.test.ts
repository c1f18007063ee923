import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { linkedin } from '../../src/linkedin/index.ts';
import type { Settings } from '../../src/draft.ts';
import { checkSettings } from '../../src/settings.ts';
import { draftOf, jpegDraft, jpegDrafts, videoDraft } from '../answers.ts';
import { openDelivery, openStage, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const article = { url: 'https://example.com/a?b=c', title: 'A page', description: 'What it says' };
const open = (settings: Settings, images: string[] = [], account = 'ada') =>
  openDelivery(stage, linkedin, { account, text: 'Look at this', settings, images });
const chosen = async (account = 'ada') => (await stage.posts('linkedin', account))[0]?.settings;

describe('the settings of LinkedIn', () => {
  it('make a public post that others may repost by default', async () => {
    await (await open({})).run();
    expect(await chosen()).toEqual({ visibility: 'PUBLIC', isReshareDisabledByAuthor: false });
    await stage.reset();
    await (await open({ visibility: 'CONNECTIONS', allowReshare: false })).run();
    expect(await chosen()).toEqual({ visibility: 'CONNECTIONS', isReshareDisabledByAuthor: true });
  });

  it('refuse a post for connections on a page instead of making it public', async () => {
    const delivery = await open({ visibility: 'CONNECTIONS' }, ['a'], 'org-ada');
    expect(await delivery.run()).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content', actor: 'user' },
    });
    expect(delivery.writes).toEqual([]);
  });

  it('make a link card with the only image as its picture', async () => {
    await (await open({ article })).run();
    const { url: source, title, description } = article;
    expect(await chosen()).toMatchObject({ article: { source, title, description } });
    await stage.reset();
    const delivery = await open({ article: { url: article.url, title } }, ['a']);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [upload] = Object.values(delivery.call.evidence['images'] as Record<string, { urn: string }>);
    const thumbnail = { thumbnail: upload?.urn, thumbnailAltText: 'Picture a' };
    expect(await chosen()).toMatchObject({ article: { source, title, ...thumbnail } });
    expect((await stage.posts('linkedin', 'ada'))[0]?.mediaCount).toBe(0);
  });

  it('count in the comparison of a look-up', async () => {
    const delivery = await open({ article }, [], 'org-ada');
    await stage.arm({ platform: 'linkedin', step: 'publish', fault: 'commit-then-drop' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await stage.posts('linkedin', 'org-ada')).toHaveLength(1);
  });

  it('refuse a link card beside several images, a video or a document', () => {
    const found = (media: ReturnType<typeof jpegDrafts>) =>
      linkedin.check(draftOf({ text: 'a', media, settings: { article } }));
    expect(found([])).toEqual([]);
    expect(found([jpegDraft()])).toEqual([]);
    const broken = [{ field: 'settings/article', code: 'article_with_media', detail: expect.any(String) }];
    expect(found(jpegDrafts(2))).toEqual(broken);
    expect(found([videoDraft()])).toEqual(broken);
    const document = jpegDraft({ kind: 'document', mimeType: 'application/pdf', pageCount: 1 });
    expect(found([document])).toEqual(broken);
  });

  it.each([
    [{ article: { url: 'example.com', title: 'A' } }, 'settings/article/url'],
    [{ article: { url: 'https://example.com' } }, 'settings/article'],
    [{ visibility: 'FRIENDS' }, 'settings/visibility'],
    [{ documentTitle: 'a'.repeat(101) }, 'settings/documentTitle'],
  ])('are refused if they are invalid: %j', (settings, field) => {
    expect(checkSettings(linkedin, settings)).toMatchObject([{ field }]);
  });
});
