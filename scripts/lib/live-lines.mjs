// @ts-check
// A few lines that change in place; where the output is no terminal, a line is printed when it has changed.

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
