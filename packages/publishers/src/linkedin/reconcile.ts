import type { ReconcileCall, ReconcileOutcome } from '../publisher.ts';
import { urlOfPost } from './api.ts';

/**
 * A member's posts cannot be read by an app (`r_member_social` is closed), so there is nothing to ask, and a person
 * decides. What LinkedIn named when it refused a second send as a duplicate is handed on as a hint, not taken as the
 * receipt: it has also named posts that do not exist, and the author may have posted the same text by hand.
 * Sending once more as a probe is not done: outside its ten minutes it would double the post.
 */
export function reconcile(call: ReconcileCall): Promise<ReconcileOutcome> {
  const { duplicateUrn } = call.witness;
  const hint =
    typeof duplicateUrn === 'string'
      ? `LinkedIn says that the same text is out already, at ${urlOfPost(duplicateUrn)}. Open it`
      : 'LinkedIn does not let SoloSpark look it up. Open your LinkedIn profile';
  return Promise.resolve({
    outcome: 'cannot-tell',
    reason: `The post was sent to LinkedIn, but its answer got lost. ${hint}: if the post is not there, create it anew.`,
  });
}
