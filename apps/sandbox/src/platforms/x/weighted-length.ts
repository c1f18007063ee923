import { findLinks } from './links.ts';

/** The weight of a link of any length. */
const linkWeight = 23;
/** The code points with weight 1: Latin and related scripts, some punctuation. All others have weight 2. */
const lightRanges = [
  [0, 4351],
  [8192, 8205],
  [8208, 8223],
  [8242, 8247],
] as const;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
// Built from a string, because the `v` flag is newer than the compile target.
const emoji = new RegExp('^\\p{RGI_Emoji}$', 'v');

/** X's "Counting characters": after NFC, a link counts 23, an emoji of any composition 2, other characters 1 or 2. */
export function weightedLength(text: string): number {
  const normal = text.normalize('NFC');
  let weight = 0;
  let position = 0;
  for (const { start, end } of findLinks(normal)) {
    weight += weightOf(normal.slice(position, start)) + linkWeight;
    position = end;
  }
  return weight + weightOf(normal.slice(position));
}

function weightOf(text: string): number {
  return [...graphemes.segment(text)].reduce(
    (sum, { segment }) => sum + (emoji.test(segment) ? 2 : weightOfCharacters(segment)),
    0,
  );
}

function weightOfCharacters(grapheme: string): number {
  return [...grapheme].reduce((sum, character) => {
    const code = character.codePointAt(0) ?? 0;
    return sum + (lightRanges.some(([from, to]) => code >= from && code <= to) ? 1 : 2);
  }, 0);
}
