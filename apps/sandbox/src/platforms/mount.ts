import { sleep } from '@solospark/foundation';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { postPage } from '../feed/post-page.ts';
import type { Step } from '../steps.ts';
import { outcomeFaults } from '../world/faults.ts';
import type { World } from '../world/world.ts';
import { bearerTokenOf, handleOfToken, visitor } from './accounts.ts';
import { dropped, faultPlays } from './fault-plays.ts';
import { readToken } from './oauth/tokens.ts';
import type { Account, Answer, Endpoint, OpenedPlatform, SandboxPlatform } from './platform.ts';

/**
 * Mounts a platform. Each call is counted, delayed, authenticated, guarded, rate limited, and then handled or changed by a fault.
 * As on a real platform, a call goes on when its caller has disconnected. The platform's pages for people skip all of this.
 */
export function mountPlatform(app: FastifyInstance, platform: SandboxPlatform, world: World): void {
  const opened = platform.open(world);
  const { refusals } = platform;
  platform.readBodies?.(app);

  for (const endpoint of opened.endpoints) {
    app.route({
      method: endpoint.method,
      url: endpoint.url,
      handler: async (request, reply) => {
        const answer = await answerCall({ platform, opened, endpoint, request, world });
        return answer === dropped ? drop(request, reply) : send(reply, answer);
      },
    });
  }
  for (const page of opened.pages ?? []) {
    app.route({
      method: page.method,
      url: page.url,
      handler: (request, reply) => send(reply, page.answer({ request, now: world.now() })),
    });
  }
  for (const link of opened.postPaths) {
    // Links may end with a slash.
    for (const path of [link.url, `${link.url}/`]) {
      app.get(path, (request, reply) => {
        const id = link.idOf(request.params as Record<string, string>);
        const post = id === undefined ? undefined : world.posts.shelf(platform.id).find(id);
        return send(reply, postPage(platform, post, { images: world.images, now: world.now() }));
      });
    }
  }
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, refusals.malformed(status, error.message));
    request.log.error({ err: error }, 'sandbox handler failed');
    return send(reply, refusals.serverError(500));
  });
  app.setNotFoundHandler((_request, reply) => send(reply, refusals.noSuchPath()));
}

interface Arrival {
  platform: SandboxPlatform;
  opened: OpenedPlatform;
  endpoint: Endpoint;
  request: FastifyRequest;
  world: World;
}

async function answerCall(arrival: Arrival): Promise<Answer | typeof dropped> {
  const { platform, opened, endpoint, request, world } = arrival;
  const step = typeof endpoint.step === 'function' ? endpoint.step(request) : endpoint.step;
  const token = (platform.tokenOf ?? bearerTokenOf)(request);
  const handle = endpoint.handleOf
    ? (endpoint.handleOf(request) ?? visitor)
    : (handleOfToken(token) ?? readToken(platform.id, 'access', token)?.handle);
  world.traffic.count(platform.id, handle, step);

  const latencyMs = world.traffic.latencyMs(platform.id);
  if (latencyMs > 0) await sleep(latencyMs, world.closing);
  if (world.closing.aborted) return dropped;

  if (handle === undefined) return platform.refusals.unauthorized(request);
  const now = world.now();
  const guarded = endpoint.handleOf ? undefined : opened.guard?.({ request, token, handle, step, now });
  if (guarded) return guarded;

  const account = { handle, id: platform.accountId(handle) };
  world.handles.set(`${platform.id} ${account.id}`, handle);
  const metered = opened.meter?.({ account, step, now });
  if (metered?.refusal) return withHeaders(metered.headers, metered.refusal);
  const answer = await playOut(arrival, { account, step, now });
  return answer === dropped || answer.fromProxy ? answer : withHeaders(metered?.headers, answer);
}

async function playOut(
  { platform, endpoint, request, world }: Arrival,
  { account, step, now }: { account: Account; step: Step; now: number },
): Promise<Answer | typeof dropped> {
  const place = { platform: platform.id, step, account: account.handle };
  const commit = async () =>
    endpoint.answer({
      account,
      request,
      now,
      origin: `${request.protocol}://${request.host}`,
      alteration: (kind) => world.faults.take(place, [kind]),
    });
  const fault = world.faults.take(place, outcomeFaults);
  if (!fault) return commit();
  return faultPlays[fault.fault]({
    fault,
    step,
    request,
    now,
    refusals: platform.refusals,
    commit,
    wait: (ms) => sleep(ms, world.closing),
    giveBack: () => world.faults.giveBack(fault),
  });
}

function withHeaders(headers: Record<string, string> | undefined, answer: Answer): Answer {
  return headers === undefined ? answer : { ...answer, headers: { ...headers, ...answer.headers } };
}

function drop(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  void reply.code(status);
  if (headers) void reply.headers(headers);
  if (body === undefined) return reply.send();
  if (typeof body === 'string') return reply.send(body);
  if (!reply.hasHeader('content-type')) void reply.header('content-type', 'application/json; charset=utf-8');
  return reply.send(JSON.stringify(body));
}
