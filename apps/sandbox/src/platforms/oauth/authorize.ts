import { handlePattern } from '../accounts.ts';
import type { Answer, Page, SandboxPlatform, Visit } from '../platform.ts';
import { renderConsent, renderRefusal } from './consent-page.ts';
import type { Consent, Grants } from './grants.ts';
import { formOf, queryOf } from './parameters.ts';
import { agreedBefore, rememberAgreement } from './agreement.ts';
import { readQuestion, sendBack, type AuthorizeRules, type Question } from './question.ts';

/**
 * The consent page and its form. Both calls have the whole authorization request in their URL, so no state is kept between
 * them, and a test may send the form without the page.
 */
export function authorizePages(
  platform: Pick<SandboxPlatform, 'id' | 'name' | 'colour'>,
  grants: Grants,
  rules: AuthorizeRules,
): Page[] {
  /** Refuses an invalid authorization request, and calls `goOn` with a valid one. */
  function asked(goOn: (question: Question, visit: Visit) => Answer) {
    return (visit: Visit): Answer => {
      const reading = readQuestion(rules, queryOf(visit.request));
      if ('problem' in reading) return renderRefusal(platform, reading.problem);
      return 'refusal' in reading ? reading.refusal : goOn(reading.question, visit);
    };
  }

  function decide(question: Question, { request, now }: Visit): Answer {
    const { handle = '', decision } = formOf(request);
    if (decision === 'cancel') return sendBack(rules, question, rules.denied);
    if (decision !== 'authorize') return renderRefusal(platform, 'decision: must be authorize or cancel');
    if (!new RegExp(handlePattern).test(handle)) {
      const problem = 'Small letters, digits and hyphens only, 1 to 40.';
      return renderConsent(platform, question, { handle, problem });
    }
    const code = grants.issueCode(consentOf(question, handle), now, rules.codeLifetimeMs);
    const answer = sendBack(rules, question, { code });
    return rules.needsNoAnswer ? rememberAgreement(platform, grants, { answer, code, now }) : answer;
  }

  /** The consent page, or a redirect when this browser has an earlier agreement and the platform need not ask again. */
  function ask(question: Question, { request, now }: Visit): Answer {
    const handle = rules.needsNoAnswer?.(queryOf(request))
      ? agreedBefore(platform, grants, { question, request, now })
      : undefined;
    if (handle === undefined) return renderConsent(platform, question);
    const code = grants.issueCode(consentOf(question, handle), now, rules.codeLifetimeMs);
    return sendBack(rules, question, { code });
  }

  return [
    { method: 'GET', url: rules.url, answer: asked(ask) },
    { method: 'POST', url: rules.url, answer: asked(decide) },
  ];
}

const consentOf = (
  { clientId, scopes, redirectUri, challenge, nonce }: Question,
  handle: string,
): Consent => ({
  handle,
  clientId,
  scopes,
  redirectUri,
  ...(challenge && { challenge }),
  ...(nonce !== undefined && { nonce }),
});
