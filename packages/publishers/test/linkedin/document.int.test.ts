import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { titleOf } from '../../src/linkedin/content.ts';
import { linkedin } from '../../src/linkedin/index.ts';
import type { Settings } from '../../src/draft.ts';
import type { Evidence } from '../../src/publisher.ts';
import { jpegDraft } from '../answers.ts';
import { openDelivery, openStage, type Stage, type TestFile } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const content = Buffer.concat([Buffer.from('%PDF-1.7 '), Buffer.alloc(5_000_000, '.')]);
const paper: TestFile = {
  name: 'paper',
  content,
  ...jpegDraft({
    kind: 'document',
    mimeType: 'application/pdf',
    byteSize: content.length,
    pageCount: 3,
    altText: 'Three pages',
  }),
};
const open = (
  text: string,
  over: { account?: string; settings?: Settings; evidence?: Evidence; goneAfterWrites?: number } = {},
) => openDelivery(stage, linkedin, { account: 'ada', text, files: [paper], timeoutMs: 5_000, ...over });

describe('LinkedIn documents', () => {
  it('are uploaded as a stream in one request, and have a title', async () => {
    const delivery = await open('Our report\nand what we learned');
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes).toHaveLength(3);
    const [post] = await stage.posts('linkedin', 'ada');
    expect(post?.media).toMatchObject([{ mimeType: 'application/pdf', title: 'Our report' }]);
    const shown = await fetch(post?.media[0]?.url ?? '');
    expect(Buffer.from(await shown.arrayBuffer()).equals(content)).toBe(true);
  });

  it("have the author's title", async () => {
    await (await open('Our report', { settings: { documentTitle: ' Annual report ' } })).run();
    const [post] = await stage.posts('linkedin', 'ada');
    expect(post?.media).toMatchObject([{ title: 'Annual report' }]);
  });

  it('are continued by another worker when one dies', async () => {
    for (const made of [0, 1, 2]) {
      await stage.reset();
      const gone = await open('Gone on with', { goneAfterWrites: made });
      await (made < 2 ? expect(gone.prepare()).rejects.toThrow('gone') : gone.prepare());
      const next = await open('Gone on with', { evidence: gone.call.evidence });
      expect(await next.run()).toMatchObject({ outcome: 'published' });
      expect(next.writes).toHaveLength(made < 2 ? 3 : 1);
    }
  });

  it('go out once after a lost answer or failed processing', async () => {
    for (const [step, fault] of [
      ['upload', 'commit-then-drop'],
      ['upload', 'truncated-body'],
      ['upload', 'processing-failed'],
      ['publish', 'commit-then-drop'],
    ] as const) {
      await stage.reset();
      await stage.arm({ platform: 'linkedin', step, fault });
      const delivery = await open('Once', { account: 'org-ada' });
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      expect(await stage.posts('linkedin', 'org-ada')).toHaveLength(1);
    }
  });
});

describe('the title of a document', () => {
  it.each([
    ['  One line ', 'One line'],
    ['First \r\nsecond', 'First'],
    [`${'word '.repeat(30)}`, `${'word '.repeat(19).trim()}…`],
    ['👍'.repeat(120), `${'👍'.repeat(99)}…`],
  ])('%j is %j', (text, title) => expect(titleOf(text)).toBe(title));
});
