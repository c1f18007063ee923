const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What a person calls a character: a family of emoji is one, and so is a letter with its accents. */
export function countGraphemes(text: string): number {
  return Array.from(segmenter.segment(text)).length;
}
