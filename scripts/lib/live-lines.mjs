// @ts-check
// A few lines that are updated in place. When the output is not a terminal, a line is printed again when it has changed.

export function createLiveLines() {
  const terminal = process.stdout.isTTY === true;
  /** @type {string[]} */
  let shown = [];
  return {
    /** @param {[text: string, ticking: string][]} lines `ticking` is only for a terminal */
    show(lines) {
      const next = lines.map(([text, ticking]) => (terminal ? text + ticking : text));
      if (terminal) {
        const up = shown.length > 0 ? `\u001b[${shown.length}A` : '';
        process.stdout.write(up + next.map((line) => `\u001b[2K${line}\n`).join(''));
      } else {
        next.filter((line, i) => line !== shown[i]).forEach((line) => process.stdout.write(`${line}\n`));
      }
      shown = next;
    },
  };
}
