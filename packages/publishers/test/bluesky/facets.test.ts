import { describe, expect, it } from '@jest/globals';
import { findFacets, findHandles, type Facet } from '../../src/bluesky/facets.ts';

const dids = new Map([['bob.test', 'did:plc:bob']]);

/** The text of each facet, cut by its bytes, and its target. */
const marked = (text: string, facets: Facet[] = findFacets(text, dids)) =>
  facets.map(({ index, features }) => {
    const shown = Buffer.from(text).subarray(index.byteStart, index.byteEnd).toString();
    const [feature] = features;
    const value = feature && ('uri' in feature ? feature.uri : 'did' in feature ? feature.did : feature.tag);
    return [shown, value];
  });

describe('Bluesky facets', () => {
  it('count bytes of UTF-8, the end exclusive', () => {
    expect(findFacets('👍 https://a.example', dids)).toEqual([
      {
        index: { byteStart: 5, byteEnd: 22 },
        features: [{ $type: 'app.bsky.richtext.facet#link', uri: 'https://a.example' }],
      },
    ]);
  });

  it.each([
    ['an emoji', '👍'],
    ['a family of emoji', '👨‍👩‍👧‍👦'],
    ['CJK', '見てください'],
    ['a letter with its accent apart', 'cafe\u0301'],
    ['Arabic', 'مرحبا'],
  ])('have correct positions after %s', (_, before) => {
    expect(marked(`${before} https://a.example/b #tag @bob.test ${before}`)).toEqual([
      ['https://a.example/b', 'https://a.example/b'],
      ['#tag', 'tag'],
      ['@bob.test', 'did:plc:bob'],
    ]);
  });

  it.each([
    ['See https://a.example.', ['https://a.example']],
    ['(see https://a.example/b)', ['https://a.example/b']],
    ['https://a.example/b_(c)', ['https://a.example/b_(c)']],
    ['[https://a.example/b], "http://c.example?d=e#f"!', ['https://a.example/b', 'http://c.example?d=e#f']],
    ['<https://a.example>', ['https://a.example']],
    ['見てhttps://a.example/b。次', ['https://a.example/b']],
    ['https://de.example/Müller', ['https://de.example/Müller']],
    ['HTTPS://A.example', ['HTTPS://A.example']],
    [
      'https://a.example/#b https://c.example/@bob.test',
      ['https://a.example/#b', 'https://c.example/@bob.test'],
    ],
    ['a.example and xhttps://a.example', []],
    ['https:// and https:///a and https://.', []],
    [
      'example.com/blog, (www.example.org) and EXAMPLE.com',
      ['example.com/blog', 'www.example.org', 'EXAMPLE.com'],
    ],
    ['my-site.com/a, sub.my-site.co.uk: "example.com"', ['my-site.com/a', 'sub.my-site.co.uk']],
    ['mail.me@example.com, me@example.com, @example.com/a, a_b.com, foo.in-between', []],
    [
      'example.com’s example.com,and example.com、と example.com/あ。次',
      ['example.com', 'example.com', 'example.com', 'example.com/あ'],
    ],
    [
      'example.com/b_(c) (example.com/b_(c)) (see example.com/b)...',
      ['example.com/b_(c)', 'example.com/b_(c)', 'example.com/b'],
    ],
  ])('link: %s', (text, links) => {
    expect(marked(text).map(([shown]) => shown)).toEqual(links);
  });

  it('add https:// to links without a scheme', () => {
    expect(marked('httpbin.org/get example.com:8080/a?b#c')).toEqual([
      ['httpbin.org/get', 'https://httpbin.org/get'],
      ['example.com:8080/a?b#c', 'https://example.com:8080/a?b#c'],
    ]);
  });

  it('do not mark a URL that is too long for a record', () => {
    const longest = `https://example.com/${'a'.repeat(8_192 - 20)}`;
    expect(marked(longest)).toHaveLength(1);
    expect(marked(`${longest}a`)).toEqual([]);
    expect(marked(`https://example.com/${'ä'.repeat(4_090)}`)).toEqual([]);
  });

  it.each([
    ['#one #zwei2 #drei_vier', ['one', 'zwei2', 'drei_vier']],
    ['#日本語、と', ['日本語、と']],
    ['＃全角', ['全角']],
    ['(#in) #end!', ['end']],
    ['#2026 is none, #2026er is one', ['2026er']],
    ['a#b ## # #-', []],
    [`#${'a'.repeat(64)} #${'b'.repeat(65)}`, ['a'.repeat(64)]],
  ])('hashtag: %s', (text, tags) => {
    expect(marked(text).map(([, tag]) => tag)).toEqual(tags);
  });

  it('mark only mentions whose handle could be resolved', () => {
    expect(marked('@Bob.test (@bob.test) @nobody.test')).toEqual([
      ['@Bob.test', 'did:plc:bob'],
      ['@bob.test', 'did:plc:bob'],
    ]);
    expect(findHandles('@Bob.test (@bob.test), @nobody.test. @b-2.example.com @c.nosuchtld')).toEqual([
      'bob.test',
      'nobody.test',
      'b-2.example.com',
    ]);
    expect(findHandles('me@bob.test @me @ bob.test @bob.testü @bob.test_')).toEqual([]);
  });

  it('are empty for a plain text', () => expect(findFacets('Nothing here', dids)).toEqual([]));
});
