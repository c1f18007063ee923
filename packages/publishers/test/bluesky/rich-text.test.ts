import { describe, expect, it } from '@jest/globals';
import { draftOf } from '../answers.ts';
import { bluesky } from '../../src/bluesky/index.ts';
import { findFacets, type Facet } from '../../src/bluesky/facets.ts';
import { richTextOf } from '../../src/bluesky/rich-text.ts';
import { randomNumbers } from '../random-numbers.ts';

const dids = new Map([['bob.test', 'did:plc:bob']]);
const rich = (text: string) => richTextOf(text, dids);
/** The shown text of each facet, and its URL. */
const marked = ({ text, facets } = rich('')) =>
  facets.map(({ index, features: [feature] }) => [
    Buffer.from(text).subarray(index.byteStart, index.byteEnd).toString(),
    feature && 'uri' in feature ? feature.uri : null,
  ]);
/** The parts of a text outside of links. */
function between(text: string, facets: Facet[]): string[] {
  const bytes = Buffer.from(text);
  const links = facets.filter(({ features: [feature] }) => feature && 'uri' in feature);
  const ends = [0, ...links.map(({ index }) => index.byteEnd)];
  return ends.map((from, at) => bytes.toString('utf8', from, links[at]?.index.byteStart));
}

const codes = (text: string) => bluesky.check(draftOf({ text })).map(({ code }) => code);

describe('a link on Bluesky is shortened as in its own app', () => {
  it.each([
    ['https://example.com', 'example.com'],
    ['https://example.com/', 'example.com'],
    ['http://example.com:8080/a', 'example.com:8080/a'],
    ['https://Example.com/fourteen-a-bc', 'example.com/fourteen-a-bc'],
    ['https://example.com/fifteen-a-bcde', 'example.com/fifteen-a-bcde'],
    ['https://example.com/sixteen-a-bcdefg', 'example.com/sixteen-a-bc...'],
    ['https://example.com/?a=b&c=d&e=f&g=h#i', 'example.com?a=b&c=d&e=f&...'],
    ['https://müller.example/straße', 'xn--mller-kva.example/stra%C3%9Fe'],
    [`https://example.com/${'a'.repeat(1_500)}`, 'example.com/aaaaaaaaaaaa...'],
    ['example.com/blog', 'example.com/blog'],
    ['Example.com/', 'Example.com/'],
    [`example.com/${'a'.repeat(1_500)}`, 'example.com/aaaaaaaaaaaa...'],
  ])('%s', (link, shown) => {
    const { text, facets } = rich(`👍 ${link}, é`);
    expect(text).toBe(`👍 ${shown}, é`);
    const uri = link.startsWith('http') ? link : `https://${link}`;
    expect(marked({ text, facets })).toEqual([[shown, uri]]);
  });

  it('and later facets have the shifted positions', () => {
    const { text, facets } = rich(`é https://example.com/${'a'.repeat(40)} #tag @bob.test #日本`);
    expect(text).toBe('é example.com/aaaaaaaaaaaa... #tag @bob.test #日本');
    expect(marked({ text, facets }).map(([shown]) => shown)).toEqual([
      'example.com/aaaaaaaaaaaa...',
      '#tag',
      '@bob.test',
      '#日本',
    ]);
  });

  it('and all other text is unchanged, in 3,000 random texts', () => {
    const pieces = [
      'a',
      ' ',
      '\r\n',
      '👨‍👩‍👧‍👦',
      '日',
      'e\u0301',
      'https://',
      'https://a.example/',
      'a.com/',
      '(',
      ')',
      '.',
      '#t',
      '@bob.test',
      'x'.repeat(20),
    ];
    const random = randomNumbers(7);
    for (let round = 0; round < 3_000; round += 1) {
      const text = Array.from({ length: random(16) }, () => pieces[random(pieces.length)]).join('');
      const { text: shown, facets } = rich(text);
      const written = findFacets(text, dids);
      expect(facets.map(({ features }) => features)).toEqual(written.map(({ features }) => features));
      expect(between(shown, facets)).toEqual(between(text, written));
    }
  });
});

describe('the limits of Bluesky count the shown text', () => {
  const long = `https://example.com/${'a'.repeat(1_500)}`;
  // The link and the space count 27 graphemes.
  it('300 graphemes, with a link of 1,500 characters', () => {
    expect(codes(long)).toEqual([]);
    expect(codes(`${'b'.repeat(272)} ${long}`)).toEqual([]);
    expect(codes(`${'b'.repeat(273)} ${long}`)).toEqual(['text_too_long']);
    expect(codes(`${long} `.repeat(10).trim())).toEqual([]);
  });
  it('3,000 bytes', () => {
    const families = '👨‍👩‍👧‍👦'.repeat(118);
    expect(codes(`${families} ${long}`)).toEqual([]);
    expect(codes(`${families}${'é'.repeat(14)} ${long}`)).toEqual(['text_too_many_bytes']);
  });
  it('but a link that is too long for a facet counts in full', () => {
    expect(codes(`https://example.com/${'a'.repeat(9_000)}`)).toEqual([
      'text_too_long',
      'text_too_many_bytes',
    ]);
  });
});
