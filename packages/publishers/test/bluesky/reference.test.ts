import { RichText } from '@atproto/api';
import { describe, expect, it } from '@jest/globals';
import { findFacets } from '../../src/bluesky/facets.ts';
import { randomNumbers } from '../random-numbers.ts';

// Authors know the marks of Bluesky's own client, so our marks are compared with those of @atproto/api.

/** Every handle has an account; like the client, the test uses the handle itself as the account. */
const everybody = { get: (handle: string) => handle } as ReadonlyMap<string, string>;

type Marked = [start: number, end: number, value: string];

const ours = (text: string): Marked[] =>
  findFacets(text, everybody).map(({ index, features: [feature] }) => [
    index.byteStart,
    index.byteEnd,
    !feature ? '' : 'uri' in feature ? feature.uri : 'did' in feature ? feature.did : feature.tag,
  ]);

/** The client's marks may overlap. Of two such marks, this keeps the first, or the longer one. */
function theirs(text: string): Marked[] {
  const rich = new RichText({ text });
  rich.detectFacetsWithoutResolution();
  const found = (rich.facets ?? []).map(({ index, features: [feature] }): Marked => {
    const { uri, did, tag } = feature as { uri?: string; did?: string; tag?: string };
    return [index.byteStart, index.byteEnd, uri ?? did ?? tag ?? ''];
  });
  let end = 0;
  return found
    .sort((a, b) => a[0] - b[0] || b[1] - a[1])
    .filter((mark) => {
      if (mark[0] < end) return false;
      end = mark[1];
      return true;
    });
}

function randomTexts(pieces: readonly string[], count: number, seed: number): string[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random(14) }, () => pieces[random(pieces.length)]).join(''),
  );
}

/** The first text that is marked differently. */
const firstDifference = (texts: string[]) =>
  texts
    .map((text) => ({ text, ours: ours(text), theirs: theirs(text) }))
    .find(({ ours, theirs }) => {
      return JSON.stringify(ours) !== JSON.stringify(theirs);
    });

const spaces = [' ', ' ', '\n', '\r\n', '\t', '\u00a0', '\u3000', '\u2028', '\ufeff'];

describe('hashtags are the same as in Bluesky’s own client', () => {
  it.each([
    ['#node.js', ['node.js']],
    ['#C++ #c#', ['C++', 'c']],
    ['#AT&T', ['AT&T']],
    ["#it's #rock'n'roll", ["it's", "rock'n'roll"]],
    ['#🌊ocean', ['🌊ocean']],
    ['#️⃣tag #️⃣', []],
    ['＃日本語 #ไทย #हिन्दी', ['日本語', 'ไทย', 'हिन्दी']],
    ['#end! #q? #a: #b; #c… #d.)', ['end', 'q', 'a', 'b', 'c', 'd']],
    ['#123 #1a #_ #__a #-a', ['1a', '__a', '-a']],
    ['#soft\u00adhyphen #zero\u200bwidth', ['soft', 'zero']],
    ['(#bracket) "#quote" a#b ##', []],
    ['buy $TSLA, $tsla! $TOOLONG $1', ['$TSLA', '$TSLA']],
    [`#${'a'.repeat(64)} #${'b'.repeat(65)} #${'🌊'.repeat(33)}`, ['a'.repeat(64)]],
  ])('%s', (text, tags) => {
    expect(ours(text).map(([, , tag]) => tag)).toEqual(tags);
    expect(ours(text)).toEqual(theirs(text));
  });

  it('in 6,000 random texts', () => {
    const pieces = [
      ...[
        '#',
        '#',
        '#',
        '＃',
        ' #',
        '\n#',
        '(#',
        '"#',
        '$',
        ' $',
        '($',
        'A',
        'tsla',
        'a',
        'É',
        '日本語',
        'ไทย',
        'हिन्दी',
        'ـ',
      ],
      ...[
        '0',
        '５',
        '42',
        '_',
        '-',
        '.',
        ',',
        '!',
        '?',
        ':',
        ';',
        "'",
        '’',
        '"',
        '&',
        '+',
        '/',
        '…',
        '。',
        '、',
        '）',
        ')',
        ']',
      ],
      ...[
        '🌊',
        '👩‍👩‍👧',
        '🇩🇪',
        '❤️',
        '\ufe0f',
        '\u20e3',
        '\u20e2',
        '\u0301',
        '€',
        '©',
        '^',
        '`',
        '|',
        '~',
        '=',
        '<',
        '>',
      ],
      ...[
        '\u00ad',
        '\u200a',
        '\u200b',
        '\u200c',
        '\u200d',
        '\u2060',
        '\u180e',
        '\u034f',
        '\u202e',
        '\u3164',
        '\u2800',
      ],
      ...spaces,
      'x'.repeat(30),
    ];
    expect(firstDifference(randomTexts(pieces, 6_000, 20_261_128))).toBeUndefined();
  });
});

describe('links, mentions and hashtags are marked as in Bluesky’s own client', () => {
  it.each([
    ['read example.com/blog and www.example.org now, also bsky.app', 3],
    ['(example.com) example.com. example.com/a, example.com:8080/b?c=d#e!', 4],
    ['node.js e.g. 1.5 3.14.com .com a..com example.nosuchtld Hello.World', 0],
    ['HTTPS://example.com is a link here, and not there', 0],
    ['https://example.com/b_(c) (https://example.com/d) 🔗 http://example.org:1/?a=1&b=%20#frag, ok', 3],
    ['[text](https://example.com/x) https://müller.de/straße https://i❤.ws/', 3],
    ['hi @alice.bsky.social. (@bob.test), @carol.example.com! me@example.com @alice', 3],
    ['@nobody.nosuchtld @alice@mastodon.social', 0],
  ])('%s', (text, count) => {
    if (text.startsWith('HTTPS')) return expect(ours(text)).toHaveLength(1);
    expect(ours(text)).toHaveLength(count);
    return expect(ours(text)).toEqual(theirs(text));
  });

  it('in 4,000 random texts where spaces surround them', () => {
    const marks = [
      ...[
        'https://example.com',
        'http://a.example/b_c',
        'https://example.org/ä/日本?q=a+b&c=%20#f',
        'https://x.com:8080/',
      ],
      ...[
        'example.com',
        'example.com/blog',
        'www.example.org/a?b=c',
        'bsky.app',
        'a1.b2.co.uk/x',
        'x.com:80',
        'README.md',
      ],
      ...[
        'example.nosuchtld',
        'node.js',
        'e.g.',
        '3.14',
        'v1.2.3',
        'Hello.World',
        '.com',
        'mail@example.com',
      ],
      ...['@alice.bsky.social', '@b-c.example.com', '@bob.test', '@alice', '@', '@x.nosuchtld', '@a_b.com'],
      ...[
        '#tag',
        '#node.js',
        '#C++',
        '#️⃣',
        '#🌊ocean',
        '#42',
        '#',
        '$TSLA',
        '$5',
        'words',
        '日本語',
        '👨‍👩‍👧‍👦',
        '(',
      ],
    ];
    const behind = ['', '', '', '.', ',', '!', '?', ':', ';', ')'];
    const before = ['', '', '', '('];
    const pieces = marks.flatMap((mark) =>
      before.flatMap((b) => behind.flatMap((e) => spaces.map((space) => `${b}${mark}${e}${space}`))),
    );
    expect(firstDifference(randomTexts(pieces, 4_000, 42))).toBeUndefined();
  });
});
