import { describe, expect, it } from '@jest/globals';
import { isLinear, measureGrowth } from './growth/measure.ts';
import { hostile } from './growth/texts.ts';
import { runProgram } from './support/program.ts';

// Code that reads input from outside must take time linear in its length, up to the longest text that can reach it. Runs in its
// own process, because Jest's sandbox would be measured as well. `npm run growth` tries more texts.
it('every check, parser and regular expression takes time linear in the length of a hostile text', async () => {
  const { code, output } = await runProgram('test/fuzz/main.mjs', 'growth', '--built', '--quick');
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
}, 900_000);

describe('the measurement of growth', () => {
  it('tells quadratic work from linear work', () => {
    const spaces = hostile('', ' ', 'x');
    expect(isLinear(measureGrowth((text) => /\s+$/.test(text), spaces.make, 50_000))).toBe(false);
    expect(isLinear(measureGrowth((text) => text.trimEnd(), spaces.make, 50_000))).toBe(true);
  });
});
