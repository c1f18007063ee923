import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { platforms } from '../../../apps/sandbox/src/platforms/registry.ts';
import type { Publisher } from '../src/publisher.ts';
import { publishers } from '../src/registry.ts';
import { openDelivery, openStage, videoFile, type DeliveryDraft, type Fate, type Stage } from './harness.ts';
import { factsOf } from './suite-facts.ts';

/**
 * Runs every fault of the sandbox on every step of every platform to the end, and compares the outcome with what is really
 * public. docs/contract-matrix.md has the results as a table: this test writes it if UPDATE_MATRIX is set, and fails if it is out
 * of date.
 */

const file = new URL('../../../docs/contract-matrix.md', import.meta.url);
/** The steps of a delivery. The others occur when an account is connected or a post is deleted. */
const ofDelivery = ['quota', 'upload', 'append', 'finalize', 'container', 'status', 'publish', 'lookup'];
/** Steps that occur only after a public call whose answer got lost. */
const afterLostAnswer = ['lookup', 'status'];

/** Long enough for a busy machine; short only for faults that hold an answer back. */
const TIMEOUT_MS = 20_000;
const HASTE_MS = 1_000;
const HANG_MS = 2_500;
const UNSEEN_MS = 20_000;
/** A rate limit waits for a minute; a refused look-up is repeated after seconds. */
const A_WAIT_MS = 30_000;

let stage: Stage;
const cells = new Map<string, string>();

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

interface Part {
  /** The heading of its table. */
  title: string;
  publisher: Publisher;
  content: Pick<DeliveryDraft, 'withImage' | 'files'>;
}

/** Platforms on which a video takes other steps than an image. */
const withVideo = ['x', 'mastodon'];
/** Longer than a worker waits for a video, so that the test does not wait in real time. */
const patience: Record<string, object> = { x: { checkAfterSecs: 30 } };

const parts = publishers.flatMap((publisher): Part[] => {
  const image = { title: publisher.name, publisher, content: { withImage: true } };
  if (!withVideo.includes(publisher.id)) return [image];
  return [image, { title: `${publisher.name}, a video`, publisher, content: { files: [videoFile('film')] } }];
});

const stepsOf = (id: string) => {
  const faults = platforms.find((platform) => platform.id === id)?.faults ?? {};
  return Object.entries(faults)
    .filter(([step]) => ofDelivery.includes(step))
    .flatMap(([step, kinds]) => kinds.map((fault) => ({ step, fault })));
};

async function play({ publisher, content }: Part, { step, fault }: { step: string; fault: string }) {
  const { id } = publisher;
  const timeoutMs = fault.includes('hang') ? HASTE_MS : TIMEOUT_MS;
  const draft = { account: 'ada', text: 'Once', ...content, timeoutMs };
  if (patience[id]) await stage.configure(id, patience[id]);
  const delivery = await openDelivery(stage, publisher, draft);
  if (afterLostAnswer.includes(step))
    await stage.arm({ platform: id, step: 'publish', fault: 'commit-then-drop' });
  const ms = fault === 'delayed-visibility' ? UNSEEN_MS : HANG_MS;
  await stage.arm({ platform: id, step, fault, ms });
  const startedAt = stage.now().getTime();
  const fate = await delivery.run();
  const waited = fault.startsWith('rate-limited') && stage.now().getTime() - startedAt > A_WAIT_MS;
  const armed = await stage.armed();
  const met = !armed.some((each) => each.step === step && each.fault === fault);
  const posts = await stage.posts(id, 'ada');
  return { fate, met, waited, posts: posts.length };
}

function wordsFor(fate: Fate, waited: boolean): string {
  if (fate.outcome === 'published') return waited ? 'once, later' : 'once';
  if (fate.outcome === 'failed') return `failed: ${fate.failure.kind}`;
  return fate.outcome === 'uncertain' ? 'uncertain' : fate.outcome;
}

describe.each(parts)('$title', (part) => {
  const { id } = part.publisher;
  it.each(stepsOf(id))(
    '$fault on $step: the outcome is true, and there is never a second post',
    async (cell) => {
      const { fate, met, waited, posts } = await play(part, cell);
      cells.set(`${part.title} ${cell.fault} ${cell.step}`, met ? wordsFor(fate, waited) : '·');
      switch (fate.outcome) {
        case 'published':
          return expect(posts).toBe(1);
        case 'failed':
          return expect(posts).toBe(0);
        case 'uncertain':
          expect(posts).toBeLessThanOrEqual(1);
          return expect(factsOf(id).lookUpStep).toBeNull();
        default:
          throw new Error(`ended as ${fate.outcome}`);
      }
    },
  );
});

it('docs/contract-matrix.md has the current results', () => {
  const table = render();
  process.stdout.write(`\n${table}\n`);
  const text = readFileSync(file, 'utf8');
  const marker = '<!-- The tables below are written by a test. -->\n';
  const [head = ''] = text.split(marker);
  const wanted = `${head}${marker}\n${table}`;
  if (process.env['UPDATE_MATRIX']) writeFileSync(file, wanted);
  else expect(text).toBe(wanted);
});

function render(): string {
  return parts.map(renderPart).join('\n');
}

function renderPart({ title, publisher }: Part): string {
  const played = stepsOf(publisher.id);
  const steps = ofDelivery.filter((step) => played.some((cell) => cell.step === step));
  const faults = [...new Set(played.map(({ fault }) => fault))];
  const rows = [
    ['fault', ...steps],
    ...faults.map((fault) => [fault, ...steps.map((step) => cells.get(`${title} ${fault} ${step}`) ?? '')]),
  ];
  const widths = [0, ...steps.keys()].map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [
    `## ${title}`,
    '',
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...body.map(line),
    '',
  ].join('\n');
}
