import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';
import { textOf, type Exchange, type PostRecord, type Record, type Snapshot } from './record.ts';
import type { Life, Manner, Step } from './schedule-posts.ts';

// The author: carries out the planned lives of all posts over HTTP, at a random API, and records every answer.

export interface ClientOptions {
  apiUrls: string[];
  organizationId: string;
  apiKey: string;
  channelIds: string[];
  mediaId: string;
  /** For choices during the run: which API, and when to repeat. */
  random: Random;
  record: Record;
}

const ANSWER_WITHIN_MS = 20_000;
const REPEATS = 3;

type Wanted = Pick<Exchange, 'action' | 'text' | 'scheduledAt' | 'ifMatch'> & { cutMs?: number };

export interface Client {
  live(life: Life): Promise<void>;
}

export function createClient(options: ClientOptions): Client {
  const { random, record } = options;

  async function send(post: PostRecord, wanted: Wanted): Promise<Exchange> {
    const api = random.int(0, options.apiUrls.length - 1);
    const { cutMs, ...facts } = wanted;
    const sentAt = Date.now();
    const answer = await ask(api, post, wanted);
    const exchange: Exchange = { ...facts, api, sentAt, endedAt: Date.now(), ...answer };
    if (cutMs !== undefined && exchange.outcome === 'unknown') exchange.why = 'cut';
    post.exchanges.push(exchange);
    // When a creation was sent twice, the author continues with the post of the first answer.
    if (exchange.action === 'create') post.postId ??= exchange.snapshot?.id;
    return exchange;
  }

  async function ask(api: number, post: PostRecord, wanted: Wanted) {
    const { method, path, body } = requestOf(post, wanted);
    const url = `${options.apiUrls[api]}/organizations/${options.organizationId}${path}`;
    try {
      const response = await fetch(url, {
        method,
        headers: {
          'x-api-key': options.apiKey,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(wanted.ifMatch === undefined ? {} : { 'if-match': wanted.ifMatch }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(wanted.cutMs ?? ANSWER_WITHIN_MS),
      });
      const said = (await response.text()) || '{}';
      return readAnswer(response.status, JSON.parse(said) as Body);
    } catch (error) {
      const cause = (error as { cause?: { code?: string; message?: string } }).cause;
      const unsent = cause?.code === 'ECONNREFUSED';
      const why = cause?.code ?? cause?.message ?? (error as Error).name;
      return { outcome: unsent ? ('unsent' as const) : ('unknown' as const), status: null, why };
    }
  }

  function requestOf(post: PostRecord, { action, text, scheduledAt }: Wanted) {
    const path = `/posts/${post.postId}`;
    switch (action) {
      case 'create': {
        const channelIds = post.life.channels.map((index) => options.channelIds[index]);
        const mediaIds = post.life.withImage ? [options.mediaId] : [];
        return { method: 'POST', path: '/posts', body: { text, channelIds, mediaIds } };
      }
      case 'schedule':
        return { method: 'PUT', path: `${path}/schedule`, body: { scheduledAt } };
      case 'edit':
        return { method: 'PATCH', path, body: { text } };
      case 'cancel':
        return { method: 'DELETE', path: `${path}/schedule` };
      case 'delete':
        return { method: 'DELETE', path };
      case 'publish':
        return { method: 'POST', path: `${path}/publish` };
      case 'retry':
        return { method: 'POST', path: `${path}/retry` };
      case 'read':
        return { method: 'GET', path };
    }
  }

  /** Sends a request again when its answer is lost, as a person would. */
  async function persist(post: PostRecord, wanted: Wanted, manner: Manner): Promise<Exchange> {
    if (manner.kind === 'twice') {
      const [first, second] = await Promise.all([send(post, wanted), send(post, wanted)]);
      return first.outcome === 'done' ? first : second;
    }
    let exchange = await send(post, manner.kind === 'cut' ? { ...wanted, cutMs: manner.cutMs } : wanted);
    for (
      let n = 0;
      n < REPEATS && (exchange.outcome === 'unknown' || exchange.outcome === 'unsent');
      n += 1
    ) {
      await delay(random.int(100, 1_200));
      exchange = await send(post, wanted);
    }
    return exchange;
  }

  async function take(post: PostRecord, step: Step, bornAt: number): Promise<void> {
    await delay(Math.max(0, bornAt + step.atMs - Date.now()));
    const wanted: Wanted = { action: step.action };
    const revision = post.exchanges.findLast((exchange) => exchange.snapshot)?.snapshot?.revision;
    if (step.ifMatch && revision !== undefined && step.action !== 'read') wanted.ifMatch = `"${revision}"`;
    if (step.action === 'edit') wanted.text = textOf(post.life.number, step.edit);
    if (step.action === 'schedule') wanted.scheduledAt = freeTime(post, bornAt + step.dueMs);
    await persist(post, wanted, step.manner);
  }

  return {
    async live(life) {
      const post: PostRecord = { life, postId: undefined, exchanges: [], timesGiven: new Set() };
      record.posts.set(life.number, post);
      const wanted: Wanted = { action: 'create', text: textOf(life.number, 0) };
      await persist(post, wanted, life.createManner);
      if (post.postId === undefined) return;
      const bornAt = Date.now();
      await Promise.all(life.steps.map((step) => take(post, step, bornAt)));
    },
  };
}

/** Never schedules a post twice for the same instant, so that its firing shows which request it followed. */
function freeTime(post: PostRecord, wantedAt: number): string {
  const taken = new Set(post.exchanges.map((exchange) => exchange.scheduledAt));
  // When the creation took long, the wanted time may be past, and the API would refuse it.
  for (let at = Math.max(wantedAt, Date.now() + 400); ; at += 1) {
    const time = new Date(at).toISOString();
    if (!taken.has(time) && !post.timesGiven.has(time)) {
      post.timesGiven.add(time);
      return time;
    }
  }
}

/** The parts of a post, or of a problem, that are recorded. */
type Body = Partial<Snapshot> & { code?: string };

function readAnswer(status: number, body: Body) {
  const why = body.code ?? '';
  if (status >= 500) return { outcome: 'unknown' as const, status, why };
  if (status >= 400) return { outcome: 'refused' as const, status, why };
  const { id, revision = 0, status: state = '', text = '', scheduledAt = null } = body;
  const snapshot: Snapshot | undefined =
    id === undefined ? undefined : { id, revision, status: state, text, scheduledAt };
  return { outcome: 'done' as const, status, ...(snapshot ? { snapshot } : {}) };
}
