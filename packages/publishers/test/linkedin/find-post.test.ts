import { describe, expect, it } from '@jest/globals';
import { findPost } from '../../src/linkedin/find-post.ts';
import type { RemotePost } from '../../src/linkedin/same-post.ts';
import type { PublishCall } from '../../src/publisher.ts';
import { answer, NOW } from '../answers.ts';

const call = {
  text: 'ours',
  media: [],
  settings: {},
  account: { remoteAccountId: 'urn:li:organization:1', handle: 'acme' },
  credentials: { accessToken: 't' },
  evidence: { knownUrns: [], notedAt: NOW.toISOString() },
} as unknown as PublishCall;

const post = (commentary: string, minutes: number): RemotePost => {
  const at = NOW.getTime() + minutes * 60_000;
  return { id: `urn:li:share:${commentary}`, commentary, createdAt: at, lastModifiedAt: at };
};

/** Answers these pages in turn, and records the requested starts. */
async function search(...pages: RemotePost[][]) {
  const starts: unknown[] = [];
  const found = await findPost<{ outcome: 'unread' }>(call, NOW, async (request, read) => {
    const value = read(answer(200, { elements: pages[starts.length] ?? [] }));
    starts.push(request.query?.['start']);
    return value === undefined ? { outcome: 'unread' } : { outcome: 'done', value };
  });
  return { found, starts };
}
const nothing = { found: null, likeness: 'different' };

describe("the search through an organization's posts", () => {
  it('ends where the list reaches back before the send', async () => {
    const { found, starts } = await search([post('a', 1), post('b', -60)], [post('ours', -61)]);
    expect(found).toMatchObject({ value: { ...nothing, complete: true } });
    expect(starts).toEqual(['0']);
  });

  it('reads a list in an unexpected order to its end', async () => {
    const { found, starts } = await search([post('a', -60), post('b', -30)], [post('ours', 1)]);
    expect(found).toMatchObject({ value: { found: { commentary: 'ours' } } });
    expect(starts).toEqual(['0', '2']);
  });

  it('reports when there were more posts than it read', async () => {
    const { found, starts } = await search(...Array.from({ length: 9 }, () => [post('a', 1)]));
    expect(found).toMatchObject({ value: { ...nothing, complete: false } });
    expect(starts).toHaveLength(5);
  });

  it('does not count a post from before the send', async () => {
    const { found } = await search([post('ours', -6)]);
    expect(found).toMatchObject({ value: { ...nothing, complete: true } });
  });
});
