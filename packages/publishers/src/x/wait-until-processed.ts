import { done, inFuture, type Step } from '../answer.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { stillUploading } from './errors.ts';
import { askHowFar, keepPieces, startAnew, type Media, type PiecewiseUpload } from './piecewise-upload.ts';

/** How long a worker waits. After that, the delivery waits without a worker. */
const HOLD_MS = 5_000;
const PAUSE_WITHOUT_WORD_MS = 5_000;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** Longer processing counts as failed. */
const PATIENCE_MS = 60 * 60_000;

/** Asks X for the status until the file is processed, no earlier than X allows, and for HOLD_MS at most. */
export async function waitUntilProcessed(
  call: PublishCall,
  file: PublishMedia,
  finalized: PiecewiseUpload,
): Promise<Step<PiecewiseUpload>> {
  let upload = finalized;
  let heldMs = 0;
  while (!upload.pieces.isProcessed) {
    const pauseMs = Math.max(0, Date.parse(upload.pieces.askFrom) - call.now().getTime());
    heldMs += pauseMs;
    if (heldMs > HOLD_MS) return stillUploading(inFuture(call.now(), pauseMs));
    await call.sleep(pauseMs);
    // Without this, aborted waits would become a burst of requests.
    if (call.signal.aborted) return stillUploading(call.now());

    const asked = await askHowFar(call, upload);
    if (asked.outcome !== 'done') return asked;
    if (asked.value === 'unknown') return startAnew(call, file, 'X no longer has the file');
    const { state } = asked.value.processing_info ?? { state: 'succeeded' };
    if (state === 'failed') return startAnew(call, file, 'X failed to process the file');
    const isProcessed = state === 'succeeded';
    if (!isProcessed && isOverdue(call, upload)) {
      return startAnew(call, file, 'X did not finish processing the file');
    }
    upload = await keepPieces(call, file, upload, { isProcessed, askFrom: askFromOf(call, asked.value) });
  }
  return done(upload);
}

/** When X may next be asked for the status. */
export function askFromOf(call: PublishCall, { processing_info: info }: Media): string {
  const told = info?.check_after_secs;
  const pauseMs = told === undefined ? PAUSE_WITHOUT_WORD_MS : told * 1_000;
  const within = Math.min(Math.max(pauseMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  return inFuture(call.now(), within).toISOString();
}

function isOverdue(call: PublishCall, { pieces: { finalizedAt } }: PiecewiseUpload): boolean {
  return finalizedAt !== null && call.now().getTime() - Date.parse(finalizedAt) > PATIENCE_MS;
}
