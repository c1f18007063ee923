import { createBoundedMap } from './bounded-map.ts';
import { createIdSequence } from './ids.ts';

const keptWithdrawals = 50_000;

/**
 * What people have allowed apps, and taken back. Tokens live outside of the sandbox and outlive it; all that is kept here
 * is from where on they count again.
 */
export interface Consents {
  /** The id of a new token, higher than that of any earlier one. */
  nextTokenId(): string;
  /** Ends every token that the account has given out so far. A later consent is a new one. */
  withdraw(platform: string, account: string): void;
  isWithdrawn(platform: string, account: string, tokenId: string): boolean;
  clear(): void;
}

export function createConsents(now: () => number): Consents {
  const nextTokenId = createIdSequence(now, (ms) => BigInt(ms) * 1000n);
  /** The lowest id that counts, by platform and account. */
  const lowest = createBoundedMap<string, string>(keptWithdrawals);
  const keyOf = (platform: string, account: string) => `${platform} ${account}`;
  return {
    nextTokenId,
    withdraw: (platform, account) => lowest.set(keyOf(platform, account), nextTokenId()),
    isWithdrawn(platform, account, tokenId) {
      const counts = lowest.get(keyOf(platform, account));
      return counts !== undefined && BigInt(tokenId) < BigInt(counts);
    },
    clear: () => lowest.clear(),
  };
}
