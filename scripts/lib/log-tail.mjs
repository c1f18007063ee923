// @ts-check
// A child writes directly into its log file, so that nothing is lost when the parent dies. The parent follows the file and prints
// its errors.
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const pinoError = 50;

/**
 * @param {string} path
 * @returns {number} a file descriptor for appending; a large file is renamed first
 */
export function openLog(path) {
  if (existsSync(path) && statSync(path).size > 20_000_000) renameSync(path, `${path}.old`);
  return openSync(path, 'a', 0o600);
}

/**
 * Follows a log file from its present end. It stays open, because its folder may be removed while the child still writes.
 * @param {string} path of an existing file
 * @param {(line: string) => void} onError gets a readable line for every error in it
 */
export function tailLog(path, onError) {
  const fd = openSync(path, 'r');
  let open = true;
  let offset = fstatSync(fd).size;
  let rest = '';
  /** @type {string[]} */
  const last = [];
  const read = () => {
    if (!open) return;
    const buffer = Buffer.alloc(65_536);
    for (;;) {
      const bytes = readSync(fd, buffer, 0, buffer.length, offset);
      if (bytes === 0) break;
      offset += bytes;
      const lines = (rest + buffer.toString('utf8', 0, bytes)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const entry = readLogLine(line);
        last.push(entry.text);
        if (last.length > 8) last.shift();
        if (entry.level >= pinoError) onError(entry.text);
      }
    }
  };
  const timer = setInterval(read, 300);
  timer.unref();
  return {
    /** The last lines, which show why a child ended. */
    last() {
      read();
      return last.join('\n');
    },
    stop() {
      clearInterval(timer);
      read();
      open = false;
      closeSync(fd);
    },
  };
}

/**
 * Returns only messages, because other fields may have any content.
 * @param {string} line
 */
function readLogLine(line) {
  try {
    const { level = 0, msg = '', err } = JSON.parse(line);
    const reason = err?.message && err.message !== msg ? `: ${err.message}` : '';
    return { level: Number(level), text: `${msg}${reason}` };
  } catch {
    return { level: 0, text: line };
  }
}
