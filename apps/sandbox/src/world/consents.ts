import { createBoundedMap } from './bounded-map.ts';
import { createIdSequence } from './ids.ts';

const keptWithdrawals = 50_000;

/**
 * Withdrawn consents. The sandbox does not store tokens: they contain their own data. Only the lowest valid token id of each
 * account is kept here.
 */
export interface Consents {
  /** The id of a new token, higher than that of any earlier one. */
  nextTokenId(): string;
  /** Ends all tokens of the account issued so far. A later consent gives valid ones again. */
  withdraw(platform: string, account: string): void;
  isWithdrawn(platform: string, account: string, tokenId: string): boolean;
  clear(): void;
}

export function createConsents(now: () => number): Consents {
  const nextTokenId = createIdSequence(now, (ms) => BigInt(ms) * 1000n);
  /** The lowest valid token id, by platform and account. */
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
