import { describe, expect, it } from '@jest/globals';
import { countGraphemes } from '../src/graphemes.ts';
import { randomNumbers } from './random-numbers.ts';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const atOnce = (text: string) => [...segmenter.segment(text)].length;

describe('counting graphemes in pieces gives the same as at once', () => {
  it.each([
    ['a', 1_000],
    ['👍🏽', 500],
    ['👨‍👩‍👧‍👦', 300],
    ['🇩🇪🇫🇷🇪', 200],
    ['\r\n', 500],
    ['\u0301', 3_000],
    ['\u200d', 3_000],
    ['हिन्दी ', 300],
    ['\u1112\u1161\u11ab', 300],
    ['\u0600', 3_000],
    [`a${'\u0301'.repeat(700)}`, 5],
  ])('for %j × %i, with up to three letters before it', (unit, times) => {
    for (const before of ['', 'a', 'ab', 'abc']) {
      const text = before + unit.repeat(times);
      expect(countGraphemes(text)).toBe(atOnce(text));
    }
  });

  it('for 2,000 random texts with combining characters', () => {
    const pieces = [
      'a',
      ' ',
      '\r',
      '\n',
      '日',
      '\u0301',
      '\u200d',
      '\ufe0f',
      '👍',
      '🏽',
      '👩',
      '❤',
      '🇩',
      '🇪',
      'ह',
      'ि',
      'न',
      '्',
      'द',
      '\u0600',
      '\u1112',
      '\u1161',
      '\u11ab',
      '\u{e0067}',
      '🏴',
    ];
    const random = randomNumbers(3);
    for (let round = 0; round < 2_000; round += 1) {
      const text = Array.from({ length: random(400) }, () => pieces[random(pieces.length)]).join('');
      expect(countGraphemes(text)).toBe(atOnce(text));
    }
  });
});
