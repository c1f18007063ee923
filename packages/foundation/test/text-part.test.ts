import { describe, expect, it } from '@jest/globals';
import { characterAt, findUnkeepable, sayWhere } from '../src/text-part.ts';

describe('a refused character', () => {
  it.each([
    ['Hello \ufffe', 6, 1, 'U+FFFE', 'noncharacter, a byte order mark with its bytes swapped'],
    ['👍\uffff', 2, 1, 'U+FFFF', 'noncharacter'],
    ['a\u202eb', 1, 1, 'U+202E', 'right-to-left override'],
    ['a\u0007b', 1, 1, 'U+0007', 'control character'],
    ['👍\u{e0041}', 2, 2, 'U+E0041', 'tag character'],
    ['\u{10fffe}', 0, 2, 'U+10FFFE', 'noncharacter'],
    ['\u{f0000}', 0, 2, 'U+F0000', 'private use character'],
    ['€', 0, 1, 'U+20AC', '€'],
  ])(
    'in %j at offset %i is reported with its code point and name',
    (text, offset, length, codePoint, name) => {
      const part = characterAt(text, offset);
      expect(part).toEqual({ offset, length, character: { codePoint, name } });
      expect(sayWhere(part)).toBe(`${codePoint} (${name}) at offset ${offset}`);
    },
  );

  it.each([
    ['a👍\0b', 3, 'U+0000', 'null'],
    ['👍a\ud83d b', 3, 'U+D83D', 'half of a surrogate pair'],
    ['\udc4d', 0, 'U+DC4D', 'half of a surrogate pair'],
  ])('that cannot be stored is found: the first one in %j', (text, offset, codePoint, name) => {
    expect(findUnkeepable(text)).toEqual({ offset, length: 1, character: { codePoint, name } });
  });

  it('is not found in a text that can be stored', () => {
    expect(findUnkeepable('👨‍👩‍👧‍👦 \ufffe \u202e \u0007')).toBeUndefined();
  });
});
