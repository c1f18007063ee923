import { Limits, type Publisher } from '@solospark/publishers';
import { Value } from 'typebox/value';

/**
 * The limits of a channel: those of its server, where servers differ, else those of its platform. Limits that another version
 * stored, and that do not fit this one, count as missing; they are read again within a day.
 */
export function limitsOf(publisher: Publisher, channel: { limits: unknown }): Limits {
  const { limits } = channel;
  return publisher.readLimits && Value.Check(Limits, limits) ? limits : publisher.limits;
}
