import { describe, expect, it } from '@jest/globals';
import { HttpProblem } from '../src/http/problem-plugin.ts';
import { altTextOf, MAX_ALT_TEXT } from '../src/routes/upload-form.ts';

function problemOf(altText: unknown): unknown {
  try {
    return altTextOf(altText);
  } catch (error) {
    return error;
  }
}

describe('the alternative text of a form', () => {
  // Offsets are in UTF-16 code units, so an emoji before the character counts 2.
  it.each([
    ['a\0b', 1, 'U+0000', 'null'],
    ['🌊 \ud83d', 3, 'U+D83D', 'half of a surrogate pair'],
    ['\udc4d', 0, 'U+DC4D', 'half of a surrogate pair'],
    ['Caf\ufffd', 3, 'U+FFFD', 'replacement character'],
  ])('is refused for a bad character, which is named: %j', (altText, offset, codePoint, name) => {
    const problem = problemOf(altText);
    expect(problem).toBeInstanceOf(HttpProblem);
    expect(problem).toMatchObject({
      errors: [{ pointer: '/altText', at: { offset, length: 1, character: { codePoint, name } } }],
    });
  });

  it.each([[undefined], [5], ['a'.repeat(MAX_ALT_TEXT + 1)]])(
    'is refused without a text, and when it is too long',
    (altText) => {
      expect(problemOf(altText)).toBeInstanceOf(HttpProblem);
    },
  );

  it.each([
    ['A wave 🌊', 'A wave 🌊'],
    ['\u200b\u3164', null],
    ['', null],
  ])('is kept when it has a visible character, else it becomes null: %j', (altText, kept) => {
    expect(altTextOf(altText)).toBe(kept);
  });
});
