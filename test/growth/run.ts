import { isLinear, measureGrowth, type Growth } from './measure.ts';
import { subjects } from './subjects.ts';
import { hostileTexts } from './texts.ts';

/** `npm run growth`: of each check and parser, the text that costs it most, at its largest size and at an eighth of it. */
export async function main(): Promise<number> {
  process.stdout.write(
    `Node ${process.version}; CPU milliseconds at an eighth of the largest size, and at all of it\n`,
  );
  let failed = 0;
  for (const { name, run, largest } of subjects) {
    let worst: Growth & { text: string } = { small: 0, large: 0, text: '' };
    for (const { name: text, make } of hostileTexts) {
      const growth = measureGrowth(run, make, largest);
      if (!isLinear(growth)) failed += 1;
      if (growth.large > worst.large) worst = { ...growth, text };
    }
    const figures = `${worst.small.toFixed(1).padStart(7)} ${worst.large.toFixed(1).padStart(8)}`;
    process.stdout.write(`${name.padEnd(44)} ${String(largest).padStart(7)} ${figures}  ${worst.text}\n`);
  }
  process.stdout.write(`${failed} are not linear\n`);
  return failed === 0 ? 0 : 1;
}
