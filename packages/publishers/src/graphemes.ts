const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** In UTF-16 code units. Of what was tried, the fastest. */
const WINDOW = 128;

/**
 * What a person calls a character: a family of emoji is one, and so is a letter with its accents. In time that grows with the
 * length: on Node 20 each step of the segmenter takes as long as the whole text that it was given, so it is given a piece.
 */
export function countGraphemes(text: string): number {
  let count = 0;
  let at = 0;
  let size = WINDOW;
  while (at < text.length) {
    const end = at + size;
    const isLast = end >= text.length;
    // Half of a surrogate pair would be a grapheme of its own.
    const piece = text.slice(at, !isLast && isHighSurrogate(text, end - 1) ? end - 1 : end);
    // The last grapheme of a piece may go on behind it, so the next piece begins with it. No rule looks behind a boundary.
    const { graphemes, lastAt } = size === WINDOW ? segment(piece) : segment(piece, 2);
    if (isLast && size === WINDOW) return count + graphemes;
    if (graphemes > 1) {
      count += graphemes - 1;
      at += lastAt;
      size = WINDOW;
    } else if (isLast) {
      return count + 1;
    } else {
      // One grapheme longer than the piece. Of the larger one, only the end of that grapheme is looked for.
      size *= 2;
    }
  }
  return count;
}

function segment(piece: string, most = Infinity): { graphemes: number; lastAt: number } {
  let graphemes = 0;
  let lastAt = 0;
  for (const { index } of segmenter.segment(piece)) {
    graphemes += 1;
    lastAt = index;
    if (graphemes === most) break;
  }
  return { graphemes, lastAt };
}

function isHighSurrogate(text: string, at: number): boolean {
  return text.charCodeAt(at) >> 10 === 0b11_0110;
}
