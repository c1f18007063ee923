import { describe, expect, it } from '@jest/globals';
import { readExpressions } from './growth/expressions.ts';
import { isLinear, measureGrowth } from './growth/measure.ts';
import { subjects } from './growth/subjects.ts';
import { hostile, hostileTexts, plainHostileTexts } from './growth/texts.ts';

// Whatever reads what comes from outside does work that grows with its length and not with its square, up to the largest
// text that reaches it. How that is measured: growth/measure.ts.

describe('the work of reading a hostile text is linear in its length', () => {
  it.each(subjects.map((subject) => [subject.name, subject] as const))('%s', (_, { run, largest }) => {
    const superlinear = hostileTexts.filter(({ make }) => !isLinear(measureGrowth(run, make, largest)));
    expect(superlinear.map(({ name }) => name)).toEqual([]);
  });
});

describe('the work of matching an expression of ours is linear in the length of the text', () => {
  const expressions = readExpressions();
  it('and all of them are found', () => expect(expressions.length).toBeGreaterThan(60));
  it.each(
    expressions.map((expression) => [`${expression.file}: /${expression.source}/`, expression] as const),
  )('%s', (_, { source, flags, largest }) => {
    const pattern = new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
    // Its own characters come closest to a match.
    const own = [...new Set(source.replaceAll(/\\[a-zA-Z]|[\\^$*+?()[\]{}|]/g, ''))].flatMap((unit) => [
      hostile('', unit, ''),
      hostile('', unit, '!é'),
    ]);
    const superlinear = [...plainHostileTexts, ...own].filter(
      ({ make }) => !isLinear(measureGrowth((text) => text.replace(pattern, ''), make, largest)),
    );
    expect(superlinear.map(({ name }) => name)).toEqual([]);
  });
});

describe('the measure', () => {
  it('finds what is quadratic', () => {
    const spaces = hostile('', ' ', 'x');
    expect(isLinear(measureGrowth((text) => /\s+$/.test(text), spaces.make, 50_000))).toBe(false);
    expect(isLinear(measureGrowth((text) => text.trimEnd(), spaces.make, 50_000))).toBe(true);
  });
});
