// @ts-check
// A child writes straight into its log file, so that nothing is lost when the parent dies. The parent reads along and
// shows what a person should know.
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const pinoError = 50;

/**
 * @param {string} path
 * @returns {number} a descriptor to append to; a file that has grown large is put aside
 */
export function openLog(path) {
  if (existsSync(path) && statSync(path).size > 20_000_000) renameSync(path, `${path}.old`);
  return openSync(path, 'a', 0o600);
}

/**
 * Follows a log file from its present end. It stays open: its folder may be taken away while the child still writes.
 * @param {string} path of a file that is there
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
    /** The last lines, for one who wants to know why a child ended. */
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
 * Only the sentences: fields may hold anything.
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
