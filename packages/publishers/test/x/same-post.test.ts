import { describe, expect, it } from '@jest/globals';
import { comparePost, type RemotePost } from '../../src/x/same-post.ts';

function remote(
  text: string,
  urls: { url: string; expanded_url: string; media_key?: string }[] = [],
): RemotePost {
  const media = urls.flatMap((link) => (link.media_key ? [link.media_key] : []));
  return {
    id: '1',
    text,
    created_at: '2026-11-22T10:00:00.000Z',
    entities: { urls },
    ...(media.length > 0 ? { attachments: { media_keys: media } } : {}),
  };
}
const link = (code: string, expanded_url: string) => ({ url: `https://t.co/${code}`, expanded_url });
const photo = (code: string) => ({
  ...link(code, 'https://x.com/ada/status/1/photo/1'),
  media_key: '3_1',
});
const text = (text: string) => ({ text, mediaCount: 0 });

describe('comparing a sent text with a listed post', () => {
  it('expands t.co links', () => {
    const post = remote('See https://t.co/aaaaaaaaaa now', [
      link('aaaaaaaaaa', 'https://example.com/a?b=c&d=e'),
    ]);
    expect(comparePost(text('See https://example.com/a?b=c&d=e now'), post)).toBe('same');
  });
  it('recognises a link without a scheme', () => {
    const post = remote('See https://t.co/aaaaaaaaaa', [link('aaaaaaaaaa', 'http://example.com')]);
    expect(comparePost(text('See Example.com'), post)).toBe('same');
  });
  it('recognises a link that X gives another scheme', () => {
    const post = remote('See https://t.co/a', [link('a', 'https://example.com/a')]);
    expect(comparePost(text('See example.com/a'), post)).toBe('same');
    expect(comparePost(text('See http://example.com/a'), post)).toBe('same');
  });
  it('recognises a link with a top-level domain that our list lacks', () => {
    const post = remote('See https://t.co/a', [link('a', 'https://example.newer')]);
    expect(comparePost(text('See example.newer'), post)).toBe('same');
    expect(comparePost(text('See https://example.newer'), post)).toBe('same');
  });
  // "Different" would allow a second send.
  it.each([
    ['It\u2019s \u201ctrue\u201d \u2026', 'It\'s "true" ...'],
    ['I ❤️ it', 'I ❤ it'],
    ['Wait — what?', 'Wait - what?'],
    ['1½ ﬁsh', '1½ fish'],
  ])('calls a text with the same letters similar: %s', (sent, listed) => {
    expect(comparePost(text(sent), remote(listed))).toBe('similar');
  });
  it('calls two posts from the same template similar', () => {
    const post = remote('New: https://t.co/aaaaaaaaaa', [link('aaaaaaaaaa', 'https://example.com/2')]);
    expect(comparePost(text('New: https://example.com/1'), post)).toBe('similar');
  });
  it('ignores the link that X appends for an image', () => {
    const post = remote('Look https://t.co/bbbbbbbbbb', [photo('bbbbbbbbbb')]);
    expect(comparePost({ text: 'Look', mediaCount: 1 }, post)).toBe('same');
    expect(comparePost({ text: '', mediaCount: 1 }, remote('https://t.co/b', [photo('b')]))).toBe('same');
  });
  it('calls a post without the image only similar', () => {
    expect(comparePost({ text: 'Look', mediaCount: 1 }, remote('Look'))).toBe('similar');
  });
  it('counts a video as one file, for any form of its link', () => {
    const urls = [{ ...link('b', 'https://x.com/ada/status/1/video/1'), media_key: '7_1' }];
    const post = remote('Look https://t.co/b', urls);
    expect(comparePost({ text: 'Look', mediaCount: 1 }, post)).toBe('same');
    expect(comparePost(text('Look'), post)).toBe('similar');
    const unnamed = {
      ...remote(
        'Look https://t.co/b',
        [urls[0]!].map(({ url, expanded_url }) => ({ url, expanded_url })),
      ),
      attachments: { media_keys: ['7_1'] },
    };
    expect(comparePost({ text: 'Look', mediaCount: 1 }, unnamed)).toBe('same');
  });
  it('calls a post with another number of images only similar', () => {
    const two = remote('Look https://t.co/b https://t.co/b', [
      photo('b'),
      { ...photo('b'), media_key: '3_2' },
    ]);
    expect(comparePost({ text: 'Look', mediaCount: 2 }, two)).toBe('same');
    expect(comparePost({ text: 'Look', mediaCount: 3 }, two)).toBe('similar');
    expect(comparePost({ text: 'Look', mediaCount: 1 }, two)).toBe('similar');
  });
  it('decodes HTML entities, and keeps those that the author wrote', () => {
    expect(comparePost(text('Q&A <3'), remote('Q&amp;A &lt;3'))).toBe('same');
    expect(comparePost(text('write &amp;'), remote('write &amp;amp;'))).toBe('same');
    expect(comparePost(text('write &amp;'), remote('write &amp;'))).toBe('same');
  });
  it('compares in NFC, trimmed', () => {
    expect(comparePost(text('  cafe\u0301 \n'), remote('café'))).toBe('same');
  });
  it('ignores differences in spaces', () => {
    expect(comparePost(text('a  b'), remote('a b'))).toBe('same');
  });
  it('calls another text different', () => {
    expect(comparePost(text('one'), remote('two'))).toBe('different');
  });
});
