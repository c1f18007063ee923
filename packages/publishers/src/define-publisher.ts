import { hasVisibleText } from '@solospark/foundation';
import { believeAccepted, forgetAccepted } from './accepted.ts';
import { warnAboutMedia } from './draft-rules.ts';
import { lookAndSay } from './look-up.ts';
import type { LookUpCall, Publisher, LookUpOutcome } from './publisher.ts';

/** What not every platform has. */
type Optional = 'prepare' | 'lookUp' | 'warn';
type PublisherDefinition = Omit<Publisher, Optional> &
  Partial<Pick<Publisher, 'prepare' | 'warn'>> & {
    lookUp?(call: LookUpCall): Promise<LookUpOutcome>;
  };

/**
 * Wraps every publisher. It sets the start time of each look-up, keeps a post that the platform accepted from getting lost
 * (`believeAccepted`), and treats an invisible text as empty. Without a `warn` of its own a publisher warns by its limits; without
 * `prepare` there is nothing to prepare; without `lookUp` a person decides what is unclear.
 */
export function definePublisher(publisher: PublisherDefinition): Publisher {
  const { name, limits: own } = publisher;
  return {
    warn: (draft, limits = own) => warnAboutMedia(name, draft, limits.media),
    ...publisher,
    check: (draft, limits) => publisher.check(withVisibleText(draft), limits),
    prepare: async (call) => (await publisher.prepare?.(withVisibleText(call))) ?? { outcome: 'ready' },
    async publish(call) {
      await forgetAccepted(call);
      return publisher.publish(withVisibleText(call));
    },
    async lookUp(call) {
      const looked = { ...withVisibleText(call), lookedAt: call.now() };
      return believeAccepted(call, (await publisher.lookUp?.(looked)) ?? cannotBeLookedUp(name));
    },
  };
}

function cannotBeLookedUp(name: string): LookUpOutcome {
  const reason =
    `The post was sent to ${name}, but its answer got lost, and ${name} cannot be asked whether it is there. ` +
    lookAndSay(`your posts on ${name}`);
  return { outcome: 'uncertain', reason };
}

function withVisibleText<T extends { text: string }>(of: T): T {
  return of.text === '' || hasVisibleText(of.text) ? of : { ...of, text: '' };
}
