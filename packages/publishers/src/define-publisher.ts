import { believeAccepted, forgetAccepted } from './accepted.ts';
import type { LookUpCall, Publisher, ReconcileOutcome } from './publisher.ts';

type PublisherDefinition = Omit<Publisher, 'reconcile'> & {
  reconcile(call: LookUpCall): Promise<ReconcileOutcome>;
};

/** For all publishers: the time of every look is taken here, and what the platform has taken is never lost. */
export function definePublisher(publisher: PublisherDefinition): Publisher {
  return {
    ...publisher,
    async publish(call) {
      await forgetAccepted(call);
      return publisher.publish(call);
    },
    async reconcile(call) {
      return believeAccepted(call, await publisher.reconcile({ ...call, lookedAt: call.now() }));
    },
  };
}
