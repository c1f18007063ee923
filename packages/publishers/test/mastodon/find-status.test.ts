import { describe, expect, it } from '@jest/globals';
import { findStatus } from '../../src/mastodon/find-status.ts';
import type { HttpRequest } from '../../src/http.ts';
import type { PublishCall } from '../../src/publisher.ts';
import { answer } from '../answers.ts';

const account = { remoteAccountId: '1', handle: 'ada' };
const call = (text: string, newestStatusId: string | null): PublishCall =>
  ({
    text,
    media: [],
    settings: {},
    account,
    credentials: { accessToken: 't' },
    evidence: { newestStatusId },
  }) as never;

/** A server that answers these pages in turn, and records the queries. */
function serverWith(pages: { id: string; content: string; [field: string]: unknown }[][]) {
  const asked: HttpRequest['query'][] = [];
  const search = (sent: PublishCall) =>
    findStatus<{ outcome: 'unread' }>(sent, async (request, read) => {
      asked.push(request.query);
      const value = read(answer(200, pages[asked.length - 1] ?? []));
      return value === undefined ? { outcome: 'unread' } : { outcome: 'done', value };
    });
  return { asked, search };
}
const nothing = { found: null, likeness: 'different', complete: true };

describe("the search through the account's statuses", () => {
  it('stops at the mark if the server ignores `since_id`, with ids of any form', async () => {
    const { asked, search } = serverWith([
      [
        { id: 'Ab9', content: '<p>newer</p>' },
        { id: 'mark', content: '<p>older</p>' },
        { id: 'zZ1', content: '<p>ours</p>' },
      ],
    ]);
    expect(await search(call('ours', 'mark'))).toEqual({ outcome: 'done', value: nothing });
    expect(asked).toEqual([{ limit: 40, since_id: 'mark', max_id: undefined }]);
  });

  it('continues after a short page until a page is empty', async () => {
    const { asked, search } = serverWith([[{ id: '9', content: 'a' }], [{ id: '8', content: 'b' }]]);
    expect(await search(call('ours', null))).toEqual({ outcome: 'done', value: nothing });
    expect(asked.map((query) => query?.['max_id'])).toEqual([undefined, '9', '8']);
  });

  it('ends if the server ignores `max_id`', async () => {
    const page = [{ id: '9', content: 'a' }];
    const { asked, search } = serverWith([page, page, page]);
    expect(await search(call('ours', null))).toEqual({ outcome: 'done', value: nothing });
    expect(asked).toHaveLength(2);
  });

  it("is incomplete if such a server's page is full", async () => {
    const page = Array.from({ length: 40 }, (_, index) => ({ id: `${index}`, content: 'a' }));
    const { search } = serverWith([page, page, page]);
    expect(await search(call('ours', null))).toMatchObject({ value: { found: null, complete: false } });
  });

  it('reports when there were more statuses than it read', async () => {
    const pages = Array.from({ length: 20 }, (_, index) => [{ id: String(index), content: 'a' }]);
    const { search } = serverWith(pages);
    expect(await search(call('ours', null))).toEqual({
      outcome: 'done',
      value: { ...nothing, complete: false },
    });
  });

  it('finds a boosted status that is listed as a boost of itself', async () => {
    const ours = { id: '9', url: 'https://example.com/9', content: '<p>ours</p>', reblog: null };
    const boost = { ...ours, url: 'https://example.com/boost', content: '', reblog: ours };
    const { search } = serverWith([[boost]]);
    expect(await search(call('ours', null))).toMatchObject({ value: { found: { url: ours.url } } });
    const others = serverWith([[{ ...boost, id: '10' }]]);
    expect(await others.search(call('ours', null))).toEqual({ outcome: 'done', value: nothing });
  });

  it('finds the same status even after a similar one', async () => {
    const similar = { id: '9', content: '<p>ours!</p>' };
    const same = { id: '8', content: '<p>ours</p>' };
    const { search } = serverWith([[similar]]);
    expect(await search(call('ours', null))).toMatchObject({ value: { found: null, likeness: 'similar' } });
    const both = serverWith([[similar], [same]]);
    expect(await both.search(call('ours', null))).toMatchObject({ value: { found: same, likeness: 'same' } });
  });

  it.each([
    ['not a list', { error: 'no' }],
    ['a list of something else', [{ id: 7 }]],
  ])('treats %s as unreadable', async (_name, body) => {
    const { search } = serverWith([body as never]);
    expect(await search(call('ours', null))).toEqual({ outcome: 'unread' });
  });
});
