import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import { describeConnection, finishConnection, leaveForConsent, type Context } from '@solospark/domain';
import type { FastifyError, FastifyReply } from 'fastify';
import { escapeHtml, renderPage } from '../http/page.ts';
import { noteProblem } from '../http/problem-plugin.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';

/** What the browser keeps between leaving for the platform's page and coming back. */
const COOKIE = 'solospark_connection';
const COOKIE_SECONDS = 15 * 60;

const CONSENT_BODY_LIMIT = 4 * 1024;

/**
 * The author's way to a platform's page and back, in their browser and without a key: the state in the link is the
 * permission to begin, and only the browser that began may finish. The pages say whose organization is given the account.
 */
export async function consentRoutes(app: App, ctx: Context): Promise<void> {
  await app.register(cookie);
  // Nobody has shown a key here, and the form has one short field.
  await app.register(formbody, { bodyLimit: CONSENT_BODY_LIMIT });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const { status, title, detail } = noteProblem(error, request);
    return sendPage(reply.code(status), title, `<p>${escapeHtml(detail)}</p>`);
  });

  app.get('/start', { schema: { hide: true, querystring: schemas.ConsentQuery } }, async (request, reply) => {
    const { state } = request.query;
    const { organizationName, platformName } = await describeConnection(ctx, { state });
    const [organization, platform] = [escapeHtml(organizationName), escapeHtml(platformName)];
    return sendPage(
      reply,
      `Connect ${platformName}`,
      `<p>The account that you choose on ${platform} will be connected to the organization <strong>${organization}</strong>,
whose members can then publish on it. Go on only if you want that.</p>
<form method="post"><input type="hidden" name="state" value="${escapeHtml(state)}">
<button>Go on to ${platform}</button></form>`,
    );
  });

  app.post(
    '/start',
    { bodyLimit: CONSENT_BODY_LIMIT, schema: { hide: true, body: schemas.ConsentQuery } },
    async (request, reply) => {
      const { consentUrl, browserKey } = await leaveForConsent(ctx, request.body);
      return reply
        .setCookie(COOKIE, browserKey, { ...cookiePlace(ctx), maxAge: COOKIE_SECONDS })
        .header('cache-control', 'no-store')
        .redirect(consentUrl, 303);
    },
  );

  app.get('/callback', { schema: { hide: true } }, async (request, reply) => {
    const answer = new URL(request.url, ctx.settings.publicUrl).searchParams;
    const browserKey = request.cookies[COOKIE] ?? '';
    const { channel, platformName } = await finishConnection(ctx, { answer, browserKey });
    void reply.clearCookie(COOKIE, cookiePlace(ctx));
    const account = `${escapeHtml(channel.handle)} on ${escapeHtml(platformName)}`;
    return sendPage(
      reply,
      'Connected',
      `<p><strong>${account}</strong> is connected. You can close this page.</p>`,
    );
  });
}

/** Lax: the platform sends the author back from another site. */
function cookiePlace(ctx: Context) {
  const { pathname, protocol } = new URL(`${ctx.settings.publicUrl}/connections`);
  return { path: pathname, httpOnly: true, sameSite: 'lax', secure: protocol === 'https:' } as const;
}

function sendPage(reply: FastifyReply, title: string, content: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(
      'content-security-policy',
      // The icon is an empty data: URL, so that no browser asks for another one.
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
    .header('referrer-policy', 'no-referrer')
    .header('x-content-type-options', 'nosniff')
    .send(renderPage(title, content));
}
