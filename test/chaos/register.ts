import type { Exchange } from './record.ts';

// What an author may find afterwards, after requests that raced each other and answers that were lost.

/** A request that wanted to set something to `value`. */
export interface Write {
  value: string;
  exchange: Exchange;
}

/** A request whose answer was lost may still be carried out for so long: an API that was frozen goes on with it. */
const MAY_LAND_WITHIN_MS = 30_000;

/**
 * May `value` stand, after all these? It may if a request for it was, or may have been, carried out, and no request
 * for something else was both begun and granted after that one had ended.
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
