import { describe, expect, it } from '@jest/globals';
import { fromLittleText, toLittleText } from '../../src/linkedin/little-text.ts';

const RESERVED = '|{}@[]()<>#\\*_~';

/**
 * How LinkedIn reads little text without mentions and templates: it decodes escapes, keeps hashtags, and cuts the text at any
 * other reserved character.
 */
function asLinkedInShows(littleText: string): string {
  let shown = '';
  for (let i = 0; i < littleText.length; i++) {
    const char = littleText[i] as string;
    if (char === '\\') {
      shown += littleText[++i] ?? '';
    } else if (char === '#' && /^[\p{L}\p{M}\p{N}]/u.test(littleText.slice(i + 1))) {
      shown += char;
    } else if (RESERVED.includes(char)) {
      return shown;
    } else {
      shown += char;
    }
  }
  return shown;
}

describe('little text', () => {
  it.each([...RESERVED])('escapes %s in every position', (char) => {
    for (const text of [char, `a${char}b`, `a ${char} b`, `${char}${char}`, `end ${char}`]) {
      expect(asLinkedInShows(toLittleText(text))).toBe(text);
    }
    expect(toLittleText(char)).toBe(`\\${char}`);
  });

  it('escapes the backslash itself, once', () => {
    expect(toLittleText('\\(')).toBe('\\\\\\(');
  });

  it('keeps plain hashtags as markup', () => {
    expect(toLittleText('#News from #Köln2026, #日本 and #हिन्दी.')).toBe(
      '#News from #Köln2026, #日本 and #हिन्दी.',
    );
  });

  it.each(['C# is #1', '#snake_case', 'a#b', '##double', '# heading', '(#inBrackets)', '#semi#hash'])(
    'escapes what is not a plain hashtag: %s',
    (text) => {
      expect(toLittleText(text)).toContain('\\#');
      expect(asLinkedInShows(toLittleText(text))).toBe(text);
    },
  );

  it('never loses a character of any text', () => {
    const alphabet = [...RESERVED, ...'ab1 \n.,é日', '👍'];
    let seed = 7;
    const next = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648);
    for (let round = 0; round < 3_000; round++) {
      const text = Array.from({ length: 1 + (next() % 24) }, () => alphabet[next() % alphabet.length]).join(
        '',
      );
      expect(asLinkedInShows(toLittleText(text))).toBe(text);
      expect(fromLittleText(toLittleText(text))).toBe(text);
    }
  });

  it.each([
    ['as it is', 'as it is'],
    ['{hashtag|\\#|News} and {hashtag|#|Köln}', '#News and #Köln'],
    ['@[Ada \\(Acme\\)](urn:li:organization:12), hello', 'Ada (Acme), hello'],
    ['\\{hashtag|no}', '{hashtag|no}'],
    ['a\\@[b](urn:li:person:c)', 'a@[b](urn:li:person:c)'],
  ])('is read as %s → %s', (commentary, shown) => expect(fromLittleText(commentary)).toBe(shown));
});
