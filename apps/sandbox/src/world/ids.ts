/**
 * Ids the way the platforms make them: a time in the high digits, rising always, also when the sandbox's clock is set
 * back and after a restart. `encode` turns the time into the lowest id of that millisecond.
 */
export function createIdSequence(now: () => number, encode: (ms: number) => bigint): () => string {
  let last = 0n;
  return () => {
    const lowest = encode(now());
    last = lowest > last ? lowest : last + 1n;
    return String(last);
  };
}
