/**
 * Makes ids as the platforms do: with the time in the high digits, and always rising, also when the sandbox's clock is set back
 * and after a restart. `encode` returns the lowest id of a millisecond.
 */
export function createIdSequence(now: () => number, encode: (ms: number) => bigint): () => string {
  let last = 0n;
  return () => {
    const lowest = encode(now());
    last = lowest > last ? lowest : last + 1n;
    return String(last);
  };
}
