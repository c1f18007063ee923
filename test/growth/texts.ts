/** Makes a text of about `size` UTF-16 code units that is expensive to process. */
export interface HostileText {
  name: string;
  make: (size: number) => string;
}

const UNITS = [
  ...[
    'a',
    'A',
    '0',
    '9',
    'ä',
    '日',
    '日.',
    'ا',
    '\u0301',
    '\u0301\u0316',
    '\u200b',
    '\u200d',
    '\ud800',
    '\0',
  ],
  ...[' ', '\n', '\r\n', '\t', ' \n', '\r', '\u00a0', ' a', 'a '],
  ...[
    '.',
    'a.',
    'a.b-',
    '-',
    'a-',
    '_',
    '_a',
    '-a.',
    ',',
    '!',
    '?',
    ':',
    ';',
    "'",
    '"',
    '…',
    '/',
    '/a',
    '//',
    '%',
    '=',
    '&',
    '+',
  ],
  ...[
    'http://',
    'https://a',
    'http://a.',
    'http://a.co ',
    'http://a.co/',
    'a.co ',
    'a.co/',
    'http://日.日/',
    'www.a',
  ],
  ...[
    '(',
    ')',
    '(a)',
    '((',
    '()',
    '[',
    ']',
    '[a](',
    '{',
    '}',
    '<',
    '>',
    '<a>',
    '<a href="',
    '<br',
    '<br>',
    '</p',
    '< ',
    '</a>',
  ],
  ...[
    '@',
    '@a',
    '@a.',
    '@a@',
    '@a@a.',
    '@a@b-',
    'https://a.com/(',
    'https://a.com/?',
    ' @a.b',
    '@[',
    '@[a](',
    '@[a](urn:li:',
    '#',
    '#a',
    ' #a',
    '#_',
    '#0',
    '$a ',
    '＃a',
    ' #.',
    ' #1',
    '#.',
    ' $A',
    ' a.com',
    ' a-a.',
    '(a.b.',
  ],
  ...[
    '\\',
    '\\(',
    '|',
    '{hashtag|',
    '{hashtag|\\#|a',
    '~',
    '*',
    '&amp;',
    '&#x',
    '&a',
    '`',
    'bytes=',
    'T',
    'Z',
    '0T',
    '2026-01-01T',
  ],
  ...['👍', '👍🏽', '👨‍👩‍👧‍👦', '🇩🇪', '❤️', '1️⃣', '🏳️‍🌈', '\u3164', '\u{e0041}', 'हिन्दी'],
];

/** Text before and after the repeated part: it lets a match begin, and keeps it from completing. */
const FRAMES: [string, string][] = [
  ['', ''],
  ['', '!é'],
  ['http://a.co/', 'a'],
  ['http://a.co?', '\u00a0'],
  ['x @a', '@'],
  ['<a href="', ''],
];

/** Each unit alone, and in each frame. */
export const hostileTexts: HostileText[] = UNITS.flatMap((unit) =>
  FRAMES.map(([before, behind]) => hostile(before, unit, behind)),
);

/** Each unit alone, and in the frame that prevents a match of expressions that are anchored at the end. */
export const plainHostileTexts: HostileText[] = UNITS.flatMap((unit) => [
  hostile('', unit, ''),
  hostile('', unit, '!é'),
]);

export function hostile(before: string, unit: string, behind: string): HostileText {
  return {
    name: [before, `${unit} × n`, behind]
      .filter(Boolean)
      .map((part) => JSON.stringify(part))
      .join(' + '),
    make: (size) =>
      before +
      unit.repeat(Math.max(1, Math.floor((size - before.length - behind.length) / unit.length))) +
      behind,
  };
}
