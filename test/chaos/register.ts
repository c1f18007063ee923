import type { Exchange } from './record.ts';

// Decides which value of a post is valid after requests that raced each other and answers that were lost.

/** A request that wanted to set something to `value`. */
export interface Write {
  value: string;
  exchange: Exchange;
}

/** How long after its end a request without an answer may still be carried out: a frozen API continues with it. */
const MAY_LAND_WITHIN_MS = 30_000;

/**
 * Tells whether the post may have `value` after all these writes. It may if a request for `value` was, or may have been, carried
 * out, and no request for another value was both begun and granted after it had ended.
 */
export function mayStand(value: string, writes: Write[]): boolean {
  return writes.some(
    (write) =>
      write.value === value &&
      mayBeDone(write.exchange) &&
      !writes.some(
        (later) =>
          later.value !== value &&
          later.exchange.outcome === 'done' &&
          later.exchange.sentAt > landedBy(write.exchange),
      ),
  );
}

export function mayBeDone({ outcome }: Exchange): boolean {
  return outcome === 'done' || outcome === 'unknown';
}

export function landedBy({ outcome, endedAt }: Exchange): number {
  return outcome === 'done' ? endedAt : endedAt + MAY_LAND_WITHIN_MS;
}
