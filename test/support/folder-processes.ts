import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * Every process whose command line or environment contains the folder, with its command. That finds all processes that were
 * started with the folder as their home, also when their parent has ended.
 */
export function processesOf(folder: string): string[] {
  return commands()
    .filter(({ all }) => all.includes(folder))
    .map(({ pid, command }) => `${pid} ${command}`);
}

interface Command {
  pid: number;
  command: string;
  /** The command and its environment. */
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

/** Empty for a process that has ended, and for a kernel thread. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
