import type { Step } from '../steps.ts';

export type CallCounts = Partial<Record<Step, number>>;

/** Counts the calls, and delays the answers of each platform. */
export interface Traffic {
  /** Counts a call when it arrives, before any delay. `account` is undefined for an unknown token. */
  count(platform: string, account: string | undefined, step: Step): void;
  counts(filter: { platform?: string | undefined; account?: string | undefined }): CallCounts;
  latencyMs(platform: string): number;
  setLatencyMs(platform: string, ms: number): void;
  latencies(): Record<string, number>;
  clear(): void;
}

export function createTraffic(): Traffic {
  const calls = new Map<string, Map<string | undefined, CallCounts>>();
  const latencies = new Map<string, number>();
  return {
    count(platform, account, step) {
      const ofPlatform = calls.get(platform) ?? new Map<string | undefined, CallCounts>();
      calls.set(platform, ofPlatform);
      const ofAccount = ofPlatform.get(account) ?? {};
      ofPlatform.set(account, ofAccount);
      ofAccount[step] = (ofAccount[step] ?? 0) + 1;
    },
    counts({ platform, account }) {
      const total: CallCounts = {};
      for (const [name, ofPlatform] of calls) {
        if (platform !== undefined && platform !== name) continue;
        const chosen = account === undefined ? [...ofPlatform.values()] : [ofPlatform.get(account) ?? {}];
        for (const counts of chosen) {
          for (const [step, count] of Object.entries(counts) as [Step, number][]) {
            total[step] = (total[step] ?? 0) + count;
          }
        }
      }
      return total;
    },
    latencyMs: (platform) => latencies.get(platform) ?? 0,
    setLatencyMs: (platform, ms) => void latencies.set(platform, ms),
    latencies: () => Object.fromEntries(latencies),
    clear() {
      calls.clear();
      latencies.clear();
    },
  };
}
