export interface FairTurns {
  /** Runs `work` when a place is free. Waiting clients are served in turn. */
  take<T>(client: string, work: () => Promise<T>): Promise<T>;
}

/**
 * A fair semaphore: at most `places` works at the same time, and at most `perClient` of them for one client, so that a place
 * is left for another client. Waiting clients are served in turn (round-robin): forty files of one client do not delay the
 * single file of another.
 */
export function fairTurns(options: { places: number; perClient: number }): FairTurns {
  const running = new Map<string, number>();
  /** In the order in which the clients are served next. */
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
