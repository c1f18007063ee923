/** CPU milliseconds of this process at an eighth of the size, and at all of it. */
export interface Growth {
  small: number;
  large: number;
}

/** The largest allowed ratio of work for eight times the input: linear work has 8, quadratic work 64. */
const MOST = 24;
/** Work that takes less at the largest size is harmless, and too short to be compared. */
const NEGLIGIBLE_MS = 30;
/** Work that takes this long at an eighth of the size is not tried at the full size: it might never end. */
const HOPELESS_MS = 2_000;
const TRIES = 4;

/**
 * Measures CPU time of this process, which does not depend on how busy the machine is, at two sizes, whose ratio does not depend on
 * how fast it is. The smallest of several tries counts, so only work that fails in each of them is reported.
 */
export function measureGrowth(
  run: (text: string) => unknown,
  make: (size: number) => string,
  size: number,
): Growth {
  const best: Growth = { small: Infinity, large: Infinity };
  for (let round = 0; round < TRIES; round += 1) {
    for (const part of [64, 8] as const) {
      const cost = cpuMs(run, make(Math.ceil(size / part)));
      if (part === 8) best.small = Math.min(best.small, cost);
      if (cost > HOPELESS_MS) return { small: cost, large: Infinity };
    }
    best.large = Math.min(best.large, cpuMs(run, make(size)));
    if (isLinear(best)) return best;
  }
  return best;
}

export function isLinear({ small, large }: Growth): boolean {
  return large <= NEGLIGIBLE_MS || large <= small * MOST;
}

function cpuMs(run: (text: string) => unknown, text: string): number {
  const before = process.cpuUsage();
  run(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
