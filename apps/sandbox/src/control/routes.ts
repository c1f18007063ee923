import { AppError } from '@solospark/foundation';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static, type TSchema } from 'typebox';
import type { SandboxPlatform } from '../platforms/platform.ts';
import { platforms } from '../platforms/registry.ts';
import { findProblem } from '../validation.ts';
import type { Fault } from '../world/faults.ts';
import type { World } from '../world/world.ts';
import { presentPost } from './present-post.ts';
import * as schemas from './schemas.ts';

/** The control API: the oracle, faults, latency, clock and settings. Real platforms have nothing like it. */
export function registerControl(app: FastifyInstance, world: World): void {
  app.setErrorHandler<FastifyError | AppError>((error, request, reply) => {
    const status = error instanceof AppError ? 400 : (error.statusCode ?? 500);
    if (status >= 500) request.log.error({ err: error }, 'sandbox control failed');
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no such control route' }));

  app.get('/posts', async (request) => {
    const query = check(schemas.PostsQuery, request.query);
    const posts = world.posts.list(query);
    const shown = posts.slice(0, Number(query.limit ?? posts.length));
    return {
      total: posts.length,
      posts: shown.map((post) => presentPost(post, world.images, originOf(request))),
    };
  });
  app.get<{ Params: { platform: string; id: string } }>('/posts/:platform/:id', async (request, reply) => {
    const { platform, id } = request.params;
    const post = world.posts.shelf(platform).find(id);
    if (!post) return reply.code(404).send({ error: 'no such post' });
    return { post: presentPost({ platform, post }, world.images, originOf(request)) };
  });

  app.get('/faults', async () => ({ faults: world.faults.list() }));
  app.post('/faults', async (request, reply) => {
    const fault = checkFault(request.body);
    const armed = world.faults.arm(fault);
    request.log.info({ ...fault }, 'fault armed');
    return reply.code(201).send({ fault: armed });
  });
  app.delete('/faults', async () => {
    const cleared = world.faults.list().length;
    world.faults.clear();
    return { cleared };
  });

  app.get('/latency', async () => ({ latencyMs: world.traffic.latencies() }));
  app.post('/latency', async (request) => {
    const { platform, ms } = check(schemas.LatencyBody, request.body);
    world.traffic.setLatencyMs(platform, ms);
    return { platform, ms };
  });

  const clock = () => ({ offsetMs: world.clockOffsetMs(), now: new Date(world.now()).toISOString() });
  app.get('/clock', async () => clock());
  app.post('/clock', async (request) => {
    world.setClockOffsetMs(check(schemas.ClockBody, request.body).offsetMs);
    return clock();
  });

  app.get('/settings', async () => ({
    settings: Object.fromEntries(platforms.map(({ id }) => [id, world.settings.read(id)])),
  }));
  app.post('/settings', async (request) => {
    const { platform, ...values } = check(schemas.SettingsBody, request.body) as Record<string, unknown>;
    const id = String(platform);
    check(Type.Partial(world.settings.schemaOf(id), { additionalProperties: false }), values);
    world.settings.change(id, values);
    return { platform: id, ...world.settings.read(id) };
  });

  app.get('/requests', async (request) => ({
    requests: world.traffic.counts(check(schemas.RequestsQuery, request.query)),
  }));
  app.get('/accounts/:platform/:account', async (request) => {
    const { platform, account } = check(schemas.AccountParams, request.params);
    return { platform, account, id: platformOf(platform).accountId(account), token: `sandbox-${account}` };
  });
  app.post('/withdrawals', async (request) => {
    const { platform, account } = check(schemas.WithdrawalBody, request.body);
    if (!platformOf(platform).faults.token) {
      throw new AppError('bad_input', `platform: ${platform} has no consent that could be withdrawn`);
    }
    world.consents.withdraw(platform, account);
    request.log.info({ platform, account }, 'consent withdrawn');
    return { platform, account, withdrawn: true };
  });
  app.post('/reset', async (request) => {
    world.reset();
    request.log.info('sandbox reset');
    return { reset: true };
  });
}

const originOf = (request: FastifyRequest) => `${request.protocol}://${request.host}`;

function platformOf(id: string): SandboxPlatform {
  const platform = platforms.find((candidate) => candidate.id === id);
  if (!platform) throw new AppError('bad_input', `platform: there is no "${id}"`);
  return platform;
}

/** @throws AppError naming the field and the rule. */
function check<T extends TSchema>(schema: T, value: unknown): Static<T> {
  const problem = findProblem(schema, value);
  if (problem) throw new AppError('bad_input', `${problem.field || 'body'}: ${problem.rule}`);
  return value as Static<T>;
}

/** @throws AppError when the step does not exist on the platform, or cannot play this fault. */
function checkFault(body: unknown): Fault {
  const fault = check(schemas.FaultBody, body);
  const playable = platformOf(fault.platform).faults;
  const kinds = playable[fault.step];
  if (!kinds) {
    const known = Object.keys(playable).join(', ');
    throw new AppError('bad_input', `step: ${fault.platform} has no ${fault.step}; it has ${known}`);
  }
  if (!kinds.includes(fault.fault)) {
    const sentence = `fault: ${fault.platform} ${fault.step} cannot play ${fault.fault}; it can play ${kinds.join(', ')}`;
    throw new AppError('bad_input', sentence);
  }
  return { after: 0, times: 1, ms: 60_000, status: 503, retryAfterSeconds: 60, ...fault };
}
