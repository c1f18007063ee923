import { Limits, type Publisher } from '@solospark/publishers';
import { Value } from 'typebox/value';

/**
 * What may be posted on a channel: what its server said, where servers differ, else what its platform takes. What another
 * version wrote into the row, and does not fit this one, counts as not said; it is read anew within a day.
 */
export function limitsOf(publisher: Publisher, channel: { limits: unknown }): Limits {
  const { limits } = channel;
  return publisher.readLimits && Value.Check(Limits, limits) ? limits : publisher.limits;
}
