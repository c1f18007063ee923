const reserved = '|{}@[\\]()<>#*_~\\\\';

/** The syntax elements, in the order in which they are tried at each position. The matched group is what a reader sees. */
const pieces: { pattern: RegExp; shown: (match: RegExpExecArray) => string }[] = [
  { pattern: new RegExp(`[^${reserved}]+`, 'y'), shown: (match) => match[0] },
  { pattern: new RegExp(`\\\\([${reserved}])`, 'y'), shown: (match) => match[1] ?? '' },
  {
    pattern: /\{hashtag\|(?:\\?#)\|((?:\\.|[^|{}\\])+)\}/y,
    shown: (match) => `#${unescape(match[1] ?? '')}`,
  },
  {
    pattern: /@\[((?:\\.|[^\]\\])+)\]\(urn:li:(?:person|organization):[\w-]+\)/y,
    shown: (match) => unescape(match[1] ?? ''),
  },
  // A plain hashtag needs no escaping.
  { pattern: /#(?=[\p{L}\p{N}])/uy, shown: (match) => match[0] },
];

/**
 * Parses LinkedIn's "little text". A reserved character that is neither escaped nor part of a hashtag or a mention silently
 * truncates the text there. `kept` is the part of the source before it, `shown` is what a reader sees of that part.
 */
export function parseLittleText(source: string): { kept: string; shown: string } {
  let shown = '';
  let position = 0;
  while (position < source.length) {
    const piece = matchPiece(source, position);
    if (!piece) break;
    shown += piece.shown;
    position = piece.end;
  }
  return { kept: source.slice(0, position), shown };
}

function matchPiece(source: string, position: number): { shown: string; end: number } | undefined {
  for (const { pattern, shown } of pieces) {
    pattern.lastIndex = position;
    const match = pattern.exec(source);
    if (match) return { shown: shown(match), end: pattern.lastIndex };
  }
  return undefined;
}

const unescape = (text: string) => text.replace(/\\(.)/gs, '$1');
