import { hasVisibleText } from '@solospark/foundation';
import { believeAccepted, forgetAccepted } from './accepted.ts';
import { warnAboutMedia } from './draft-rules.ts';
import type { LookUpCall, Publisher, LookUpOutcome } from './publisher.ts';

type PublisherDefinition = Omit<Publisher, 'lookUp' | 'warn'> &
  Partial<Pick<Publisher, 'warn'>> & {
    lookUp(call: LookUpCall): Promise<LookUpOutcome>;
  };

/**
 * Wraps every publisher. It sets the start time of each look-up, keeps a post that the platform accepted from getting lost
 * (`believeAccepted`), treats an invisible text as empty, and warns by the limits unless the publisher has its own `warn`.
 */
export function definePublisher(publisher: PublisherDefinition): Publisher {
  const { name, limits: own } = publisher;
  return {
    warn: (draft, limits = own) => warnAboutMedia(name, draft, limits.media),
    ...publisher,
    check: (draft, limits) => publisher.check(withVisibleText(draft), limits),
    prepare: (call) => publisher.prepare(withVisibleText(call)),
    async publish(call) {
      await forgetAccepted(call);
      return publisher.publish(withVisibleText(call));
    },
    async lookUp(call) {
      const looked = { ...withVisibleText(call), lookedAt: call.now() };
      return believeAccepted(call, await publisher.lookUp(looked));
    },
  };
}

function withVisibleText<T extends { text: string }>(of: T): T {
  return of.text === '' || hasVisibleText(of.text) ? of : { ...of, text: '' };
}
