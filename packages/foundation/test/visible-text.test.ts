import { describe, expect, it } from '@jest/globals';
import { hasVisibleText } from '../src/visible-text.ts';

describe('hasVisibleText', () => {
  it.each([
    ['an empty text', ''],
    ['white space of every kind', ' \t\n\v\f\r\u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000'],
    ['zero-width characters', '\u200b\u200c\u200d\u2060\ufeff\u180e\u034f'],
    ['Hangul fillers', '\u3164\uffa0\u115f\u1160'],
    ['blanks that Unicode classifies as symbols', '\u2800\u{16fe4}\u{1d159}'],
    ['variation selectors', '\ufe00\ufe0f\u{e0100}\u180b'],
    ['a soft hyphen', '\u00ad'],
    ['tag characters', '\u{e0001}\u{e0041}\u{e007f}'],
    ['direction marks', '\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'],
    ['control characters', '\0\u0007\u001b\u007f\u009f'],
    ['noncharacters', '\ufffe\uffff\ufdd0\u{10ffff}'],
    ['invisible operators and annotation marks', '\u2061\u2064\u206a\ufff9\ufffa\ufffb\ufffc'],
  ])('is false for %s', (_, text) => {
    expect(hasVisibleText(text)).toBe(false);
    for (const char of text) expect([char, hasVisibleText(char)]).toEqual([char, false]);
  });

  it('is false for any mixture of invisible characters, and true as soon as it contains a letter', () => {
    const unseen = Array.from({ length: 0x110000 }, (_, code) => code)
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .map((code) => String.fromCodePoint(code))
      .filter((char) => /[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\u2800]/u.test(char));
    expect(unseen.length).toBeGreaterThan(4_000);
    let seed = 11;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let round = 0; round < 2_000; round += 1) {
      const text = Array.from({ length: 1 + random(12) }, () => unseen[random(unseen.length)]).join('');
      expect(hasVisibleText(text)).toBe(false);
      const at = random(text.length + 1);
      // Not between the halves of a surrogate pair.
      if (text.charCodeAt(at) >> 10 !== 0b11_0111) {
        expect(hasVisibleText(`${text.slice(0, at)}ß${text.slice(at)}`)).toBe(true);
      }
    }
    expect(hasVisibleText(unseen.join(''))).toBe(false);
  });

  it.each([
    'a',
    '.',
    '👨‍👩‍👧‍👦',
    '❤️',
    '1️⃣',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    'می‌خواهم',
    '\u200fשלום',
    'हिन्दी',
    '\u3164a',
    '\u0301',
    '\ue000',
    '￥',
    '⠁',
  ])('is true for %s', (text) => expect(hasVisibleText(text)).toBe(true));
});
