import { parseArgs } from 'node:util';
import { say, table } from '../../scripts/lib/report.mjs';
import { readExpressions } from './expressions.ts';
import { isLinear, measureGrowth, type Growth } from './measure.ts';
import { subjects, type Subject } from './subjects.ts';
import { hostile, hostileTexts, plainHostileTexts, type HostileText } from './texts.ts';

/** Large enough to show quadratic work. */
const QUICK_SIZE = 20_000;

/**
 * `npm run growth [-- --quick]`: prints the most expensive text for each check, parser and regular expression, with the CPU
 * milliseconds at an eighth of the largest size and at the full size. The exit code is 1 when the work of one is not linear.
 * `--quick`, for `npm run test:nightly`, tries fewer frames around each text, and the expressions at a smaller size.
 */
export function main(args: string[]): number {
  const { values } = parseArgs({ args, options: { quick: { type: 'boolean', default: false } } });
  const texts = values.quick ? plainHostileTexts : hostileTexts;
  const rows = [[`Node ${process.version}`, 'largest', 'an eighth', 'all of it', 'the costliest text', '']];
  let superlinear = 0;
  const measure = ({ name, run, largest }: Subject, tried: HostileText[], always: boolean) => {
    let worst: Growth & { text: string } = { small: 0, large: 0, text: '' };
    const bad: string[] = [];
    for (const { name: text, make } of tried) {
      const growth = measureGrowth(run, make, largest);
      if (!isLinear(growth)) bad.push(text);
      if (growth.large > worst.large) worst = { ...growth, text };
    }
    superlinear += bad.length;
    const figures = [String(largest), worst.small.toFixed(1), worst.large.toFixed(1), worst.text];
    if (always || bad.length > 0)
      rows.push([name, ...figures, bad.length > 0 ? `NOT LINEAR: ${bad.join(' | ')}` : '']);
  };
  for (const subject of subjects) measure(subject, texts, true);
  const expressions = readExpressions();
  for (const { file, source, flags, largest } of expressions) {
    const pattern = new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
    const run = (text: string) => text.replace(pattern, '');
    const size = values.quick ? Math.min(largest, QUICK_SIZE) : largest;
    measure(
      { name: `${file}: /${source}/`, run, largest: size },
      [...plainHostileTexts, ...ownTexts(source)],
      false,
    );
  }
  say(table(rows));
  say(
    `${subjects.length} checks and parsers, ${expressions.length} expressions: ${superlinear} times not linear`,
  );
  return superlinear === 0 && expressions.length > 60 ? 0 : 1;
}

/** Texts of the expression's own characters, which almost match. */
function ownTexts(source: string): HostileText[] {
  return [...new Set(source.replaceAll(/\\[a-zA-Z]|[\\^$*+?()[\]{}|]/g, ''))].flatMap((unit) => [
    hostile('', unit, ''),
    hostile('', unit, '!é'),
  ]);
}
