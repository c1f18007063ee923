import { describe, expect, it } from '@jest/globals';
import { comparePost, type RemotePost } from '../../src/linkedin/same-post.ts';

const remote = (commentary: string, content?: RemotePost['content']): RemotePost => ({
  id: 'urn:li:share:1',
  commentary,
  createdAt: 0,
  lastModifiedAt: 0,
  ...(content && { content }),
});
const sent = (text: string, ...attached: string[]) => ({ text, attached });
const several = (...ids: string[]) => ({ multiImage: { images: ids.map((id) => ({ id })) } });

describe('comparing a sent text with a listed post', () => {
  it('decodes escapes and LinkedIn’s own markup', () => {
    expect(comparePost(sent('Buy (now) #News'), remote('Buy \\(now\\) {hashtag|\\#|News}'))).toBe('same');
  });
  it('compares in NFC, trimmed, with any line ending', () => {
    expect(comparePost(sent('cafe\u0301\nau lait '), remote(' café\r\nau lait'))).toBe('same');
  });
  it('compares images by their URNs and order', () => {
    expect(comparePost(sent('Look', 'a'), remote('Look', { media: { id: 'a' } }))).toBe('same');
    expect(comparePost(sent('Look', 'a', 'b'), remote('Look', several('a', 'b')))).toBe('same');
    expect(comparePost(sent('Look', 'a', 'b'), remote('Look', several('b', 'a')))).toBe('similar');
    expect(comparePost(sent('Look', 'a'), remote('Look'))).toBe('similar');
    expect(comparePost(sent('Look'), remote('Look', several('a', 'b')))).toBe('similar');
  });
  it('compares a link card by its link', () => {
    const card = { article: { source: 'https://example.com/a' } };
    expect(comparePost(sent('Look', 'https://example.com/a'), remote('Look', card))).toBe('same');
    expect(comparePost(sent('Look', 'https://example.com/b'), remote('Look', card))).toBe('similar');
    expect(comparePost(sent('Look'), remote('Look', card))).toBe('similar');
  });
  it('calls texts with the same letters similar, and others different', () => {
    expect(comparePost(sent('Hello, you!'), remote('hello you'))).toBe('similar');
    expect(comparePost(sent('one'), remote('two'))).toBe('different');
  });
});
