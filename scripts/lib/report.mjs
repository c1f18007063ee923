// @ts-check
// Prints to the terminal, as plain lines, which are also readable in a CI log.

const colours = process.stdout.isTTY && !process.env.NO_COLOR;

/** @param {string} code @param {string} text */
const paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

/** @param {string} text */
export const bold = (text) => paint('1', text);
/** @param {string} text */
export const dim = (text) => paint('2', text);
/** @param {string} text */
export const green = (text) => paint('32', text);
/** @param {string} text */
export const red = (text) => paint('31', text);
/** @param {string} text */
export const yellow = (text) => paint('33', text);

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** @param {string} text */
export function warn(text) {
  process.stderr.write(`${yellow(text)}\n`);
}

/** @param {string} text */
export function fail(text) {
  process.stderr.write(`${red(text)}\n`);
}

/**
 * Prints what is being done and how long it took. With `quiet`, prints nothing when it was fast.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @param {{ quiet?: boolean }} [options]
 * @returns {Promise<T>}
 */
export async function step(what, work, { quiet = false } = {}) {
  const started = performance.now();
  if (!quiet) say(`${dim('·')} ${what} …`);
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  if (!quiet && seconds >= 1) say(`${dim('·')} ${what}: ${seconds.toFixed(1)} s`);
  return result;
}

/**
 * An error whose message is enough for a person: it is printed without a stack trace.
 */
export class PlainError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'PlainError';
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function explain(error) {
  if (error instanceof PlainError) return error.message;
  if (error instanceof AggregateError && error.message === '') return error.errors.map(explain).join('\n');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * A table of plain text, columns as wide as their widest cell.
 * @param {string[][]} rows the first one is the head
 */
export function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n');
}
