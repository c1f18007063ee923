import { createLogger, type Logger } from '@solospark/foundation';
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { JobPayloads, JobRequest } from '../../src/index.ts';

/** Resolves when `holds` is true. The long limit only ends a test whose condition never becomes true. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`did not happen within ${limitMs} ms: ${what}`);
}

/** A logger whose lines can be read back. */
export function recordingLog(): { log: Logger; lines: Record<string, unknown>[]; text: () => string } {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return {
    log: createLogger({ name: 'test', level: 'trace' }, destination),
    lines,
    text: () => JSON.stringify(lines),
  };
}

export const newId = (): string => randomBytes(8).toString('hex');

type Timed = { inMs?: number };

export function postDue({
  inMs,
  ...data
}: JobPayloads['post-due'] & Timed): Extract<JobRequest, { job: 'post-due' }> {
  const runAt = inMs === undefined ? undefined : new Date(Date.now() + inMs);
  return { job: 'post-due', id: `post-${data.postId}-r${data.revision}`, data, runAt };
}

/** How long `work` took, and its error or null. */
export async function timed(work: () => Promise<unknown>): Promise<{ ms: number; error: unknown }> {
  const from = performance.now();
  const error = await work().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { ms: performance.now() - from, error };
}
