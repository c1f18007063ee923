import { describe, expect, it } from '@jest/globals';
import { findFacets, findHandles, type Facet } from '../../src/bluesky/facets.ts';

const dids = new Map([['bob.test', 'did:plc:bob']]);

/** What a reader of the record sees marked: the bytes that each facet covers, and what they stand for. */
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
  ])('find their words behind %s', (_, before) => {
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
  ])('link: %s', (text, links) => {
    expect(marked(text).map(([shown]) => shown)).toEqual(links);
  });

  it.each([
    ['#one #zwei2 #drei_vier', ['one', 'zwei2', 'drei_vier']],
    ['#日本語、と', ['日本語']],
    ['＃全角', ['全角']],
    ['(#in) #end!', ['in', 'end']],
    ['#2026 is none, #2026er is one', ['2026er']],
    ['a#b ## # #-', []],
    [`#${'a'.repeat(64)} #${'b'.repeat(65)}`, ['a'.repeat(64)]],
  ])('hashtag: %s', (text, tags) => {
    expect(marked(text).map(([, tag]) => tag)).toEqual(tags);
  });

  it('mention: whoever could be found, and nobody else', () => {
    expect(marked('@Bob.test (@bob.test) @nobody.test')).toEqual([
      ['@Bob.test', 'did:plc:bob'],
      ['@bob.test', 'did:plc:bob'],
    ]);
    expect(findHandles('@Bob.test (@bob.test), @nobody.test. @b.example-2')).toEqual([
      'bob.test',
      'nobody.test',
      'b.example-2',
    ]);
    expect(findHandles('me@bob.test @me @ bob.test @bob.testü @bob.test_')).toEqual([]);
  });

  it('are none in a text without any', () => expect(findFacets('Nothing here', dids)).toEqual([]));
});
