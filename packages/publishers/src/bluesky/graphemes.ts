const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * What a person calls a character: a family of emoji is one, and so is a letter with its accents. Only for texts of a
 * bounded length: on Node 20 the time and memory that this takes are quadratic in it.
 */
export function countGraphemes(text: string): number {
  let count = 0;
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the segments are counted, not kept
  for (const _ of segmenter.segment(text)) count += 1;
  return count;
}
