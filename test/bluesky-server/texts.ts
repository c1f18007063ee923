// Texts near the two limits, 300 graphemes and 3,000 bytes. The texts are the same in each run.

/** Each is one grapheme, or a few that a wrong counter counts as more or fewer. */
const pieces = [
  'a',
  'é',
  'e\u0301',
  'a\u0308\u0323',
  '日',
  '한',
  '\u1112\u1161\u11ab',
  'ก็',
  'ß',
  'ـ',
  '👍',
  '👍🏽',
  '❤️',
  '☎',
  '1️⃣',
  '🇩🇪',
  '👨‍👩‍👧‍👦',
  '🏳️‍🌈',
  '👩🏽‍🚀',
  '🧑‍🤝‍🧑',
  ' ',
  '\n',
  '\r\n',
  '#tag ',
  'https://example.com/a?b=c ',
  '@nobody.test ',
];

/** Between 285 and 315 pieces, so that about half of the texts are too long. */
export function generateTexts(count: number): string[] {
  const next = randomNumbers(20_261_122);
  return Array.from({ length: count }, (_, index) => {
    // One kind of piece with letters between, or a mixture of all.
    const only = index % 2 === 0 ? pieces[(index / 2) % pieces.length] : undefined;
    const length = 285 + (next() % 31);
    let text = 'x';
    for (let position = 1; position < length - 1; position++) {
      text +=
        only !== undefined && next() % 3 > 0
          ? only
          : (pieces[next() % (only === undefined ? pieces.length : 12)] ?? '');
    }
    return `${text}x`;
  });
}

/** A linear congruential generator: the same numbers on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}
