import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * Every process whose command line or environment names the folder, with its command: all that was started with it as its home,
 * whoever is its parent by now.
 */
export function processesOf(folder: string): string[] {
  return commands()
    .filter(({ all }) => all.includes(folder))
    .map(({ pid, command }) => `${pid} ${command}`);
}

interface Command {
  pid: number;
  command: string;
  /** With its environment. */
  all: string;
}

function commands(): Command[] {
  if (!existsSync('/proc/self/environ')) {
    const { stdout } = spawnSync('ps', ['-Aww', '-E', '-o', 'pid=,command='], { encoding: 'utf8' });
    return stdout.split('\n').map((line) => {
      const [, pid, command = ''] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
      return { pid: Number(pid), command: command.slice(0, 200), all: command };
    });
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const command = read(`/proc/${name}/cmdline`);
      return { pid: Number(name), command, all: command + read(`/proc/${name}/environ`) };
    });
}

/** Empty for a process that has ended, and for one of the kernel's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
