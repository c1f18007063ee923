export interface FairTurns {
  /** Waits for its turn among all, in which clients alternate. */
  take<T>(client: string, work: () => Promise<T>): Promise<T>;
}

/**
 * So many works at one time, whoever they are for, and of one client so many less that somebody else's finds a place at once.
 * Clients that wait take turns: forty files of one do not stand before another's only one.
 */
export function fairTurns(options: { places: number; perClient: number }): FairTurns {
  const running = new Map<string, number>();
  /** Who has waited longest for a turn comes first. */
  const waiting = new Map<string, (() => void)[]>();
  let free = options.places;

  function admit(): void {
    for (const [client, line] of waiting) {
      if (free === 0) return;
      const mine = running.get(client) ?? 0;
      if (mine >= options.perClient) continue;
      const go = line.shift();
      waiting.delete(client);
      if (line.length > 0) waiting.set(client, line);
      if (!go) continue;
      free -= 1;
      running.set(client, mine + 1);
      go();
    }
  }

  function leave(client: string): void {
    free += 1;
    const left = (running.get(client) ?? 1) - 1;
    if (left > 0) running.set(client, left);
    else running.delete(client);
    admit();
  }

  return {
    async take(client, work) {
      await new Promise<void>((go) => {
        const line = waiting.get(client) ?? [];
        line.push(go);
        waiting.set(client, line);
        admit();
      });
      try {
        return await work();
      } finally {
        leave(client);
      }
    },
  };
}
