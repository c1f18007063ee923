import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import { finishConnection, redirectToAuthorization, openConsentForm, type Context } from '@solospark/domain';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { forgetBrowserKey, keepBrowserKey, readBrowserKey } from '../http/connection-cookie.ts';
import { escapeHtml, renderPage } from '../http/page.ts';
import { HttpProblem, noteProblem } from '../http/problem-plugin.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';

const CONSENT_BODY_LIMIT = 4 * 1024;

/**
 * The OAuth pages that an author opens in their browser, without an API key. The state in the link gives the right to begin,
 * and only the browser that began may finish. The pages name the organization that gets the account, and nobody reaches
 * the platform's consent page without having seen ours.
 */
export async function consentRoutes(app: App, ctx: Context): Promise<void> {
  await app.register(cookie);
  // These routes need no API key, and the form has only short fields.
  await app.register(formbody, { bodyLimit: CONSENT_BODY_LIMIT });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const { status, title, detail } = noteProblem(error, request);
    return sendPage(reply.code(status), title, `<p>${escapeHtml(detail)}</p>`);
  });
  /** No HEAD routes: a link preview must neither open a form nor use up an answer. */
  const page = { exposeHeadRoute: false };

  app.get(
    '/start',
    { ...page, schema: { hide: true, querystring: schemas.ConsentQuery } },
    async (request, reply) => {
      const { state } = request.query;
      const opened = await openConsentForm(ctx, { state });
      const { publicUrl } = ctx.settings;
      keepBrowserKey(reply, { publicUrl, state, browserKey: opened.browserKey });
      const [organization, platform] = [escapeHtml(opened.organizationName), escapeHtml(opened.platformName)];
      return sendPage(
        reply,
        `Connect ${opened.platformName}`,
        `<p>The account that you choose on ${platform} will be connected to the organization <strong>${organization}</strong>,
whose members can then publish on it. Go on only if you want that.</p>
<form method="post"><input type="hidden" name="state" value="${escapeHtml(state)}">
<input type="hidden" name="formToken" value="${opened.formToken}">
<button>Go on to ${platform}</button></form>`,
        // With "no-referrer" the browser would also send `Origin: null` with the form, which assertOwnSite refuses.
        'same-origin',
      );
    },
  );

  app.post(
    '/start',
    {
      bodyLimit: CONSENT_BODY_LIMIT,
      schema: { hide: true, body: schemas.ConsentForm },
      onRequest: async (request) => assertOwnSite(request, ctx.settings.publicUrl),
    },
    async (request, reply) => {
      const { state, formToken } = request.body;
      const way = { publicUrl: ctx.settings.publicUrl, state };
      const shown = readBrowserKey(request, way);
      const { consentUrl, browserKey } = await redirectToAuthorization(ctx, {
        state,
        formToken,
        browserKey: shown,
      });
      keepBrowserKey(reply, { ...way, browserKey });
      return reply
        .header('cache-control', 'no-store')
        .header('referrer-policy', 'no-referrer')
        .redirect(consentUrl, 303);
    },
  );

  const finish = async (request: FastifyRequest, reply: FastifyReply, server: string) => {
    const { publicUrl } = ctx.settings;
    const query = new URL(request.url, publicUrl).searchParams;
    const way = { publicUrl, state: query.get('state') ?? '' };
    const { channel, platformName, organizationName } = await finishConnection(ctx, {
      query,
      receivedAt: `${publicUrl}/connections/callback${server}`,
      browserKey: readBrowserKey(request, way),
    });
    forgetBrowserKey(reply, way);
    const account = `${escapeHtml(channel.handle)} on ${escapeHtml(platformName)}`;
    return sendPage(
      reply,
      'Connected',
      `<p><strong>${account}</strong> is connected to the organization <strong>${escapeHtml(organizationName)}</strong>, whose
members can now publish on it. You can close this page. If you did not want that, withdraw it in ${escapeHtml(platformName)}’s
settings.</p>`,
    );
  };
  // The callback address of earlier versions: answers it with an explanation.
  app.get('/callback', { ...page, schema: { hide: true } }, (request, reply) => finish(request, reply, ''));
  app.get(
    '/callback/*',
    { ...page, schema: { hide: true, params: schemas.CallbackParams } },
    (request, reply) => finish(request, reply, `/${request.params['*']}`),
  );
}

/**
 * Refuses a form that a page of another site sent: it could send this form with a state of its own (CSRF). Browsers send
 * Origin or Sec-Fetch-Site; for one that sends neither, the form token is the only check.
 */
function assertOwnSite({ headers }: FastifyRequest, publicUrl: string): void {
  const { origin, 'sec-fetch-site': site = 'same-origin' } = headers;
  if (site === 'same-origin' && (origin === undefined || origin === new URL(publicUrl).origin)) return;
  throw new HttpProblem(
    'cross_site_request',
    `Another site sent you here, or this page was not opened at ${new URL(publicUrl).origin}. Nothing was changed. If you want to ` +
      'connect an account, open the link again that you were given, and go on from the page that it shows.',
  );
}

function sendPage(
  reply: FastifyReply,
  title: string,
  content: string,
  referrerPolicy: 'no-referrer' | 'same-origin' = 'no-referrer',
): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(
      'content-security-policy',
      // `img-src data:` is for the icon, an empty data: URL that keeps browsers from requesting /favicon.ico.
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    )
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', referrerPolicy)
    .header('x-content-type-options', 'nosniff')
    .send(renderPage(title, content));
}
