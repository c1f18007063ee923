import { describe, expect, it } from '@jest/globals';
import { isLinear, measureGrowth } from './growth/measure.ts';
import { hostile } from './growth/texts.ts';
import { runProgram } from './support/program.ts';

// Whatever reads what comes from outside does work that grows with its length and not with its square, up to the largest
// text that reaches it. In a process of its own: Jest's sandbox would be measured as well. `npm run growth` tries more.
it('the work of every check, parser and expression of ours is linear in the length of a hostile text', async () => {
  const { code, output } = await runProgram('test/fuzz/main.mjs', 'growth', '--built', '--quick');
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
}, 900_000);

describe('the measure', () => {
  it('finds what is quadratic', () => {
    const spaces = hostile('', ' ', 'x');
    expect(isLinear(measureGrowth((text) => /\s+$/.test(text), spaces.make, 50_000))).toBe(false);
    expect(isLinear(measureGrowth((text) => text.trimEnd(), spaces.make, 50_000))).toBe(true);
  });
});
