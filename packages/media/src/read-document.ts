import { assertNever } from '@solospark/foundation';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { takeTurn } from './media-processes.ts';
import { MAX_PAGES } from './media-file.ts';
import { activeContent, damaged, encrypted, PRINT_ANEW, tooComplex, wrongPageCount } from './refusals.ts';

/** What `tools/read-pdf.mjs` prints. */
type Answer =
  | { pageCount: number; width: number; height: number }
  | { refusal: 'encrypted' | 'damaged' | 'active'; reason: string };

/** The process ends itself at its CPU limit. This limit is for one that gets no CPU time. */
const TIMEOUT_MS = 60_000;

/** The signals that end the process at a limit, or when its memory is used up. */
const GIVEN_UP = new Set(['SIGKILL', 'SIGABRT']);
/** Node's exit code for a top-level await that never settles. */
const UNSETTLED = 13;

/** The largest value of PostgreSQL's `integer`. */
const MAX_POINTS = 2 ** 31 - 1;

/**
 * Counts the pages of a PDF and measures the first one as it is shown, in points. The library runs in a child process, because
 * a hostile file may crash it or fill its memory.
 * @throws MediaFileError
 */
export async function readDocument(
  path: string,
  mimeType: string,
  client: string,
): Promise<{ pageCount: number; width: number; height: number }> {
  const answer = await takeTurn(client, () => readInProcess(path));
  if ('refusal' in answer) throw refusalOf(answer, mimeType);
  const { pageCount } = answer;
  if (pageCount === 0 || pageCount > MAX_PAGES) throw wrongPageCount(pageCount);
  const [width, height] = [Math.round(answer.width), Math.round(answer.height)];
  if (!(width > 0 && height > 0 && width <= MAX_POINTS && height <= MAX_POINTS)) throw damaged(mimeType);
  return { pageCount, width, height };
}

function refusalOf({ refusal, reason }: Extract<Answer, { refusal: string }>, mimeType: string) {
  switch (refusal) {
    case 'encrypted':
      return encrypted();
    case 'active':
      return activeContent(reason);
    case 'damaged':
      return damaged(mimeType, new Error(reason));
    default:
      return assertNever(refusal);
  }
}

async function readInProcess(path: string): Promise<Answer> {
  // Resolved through its package: in a bundled app there are no files beside this one.
  const script = createRequire(import.meta.url).resolve('@solospark/media/read-pdf');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, path, String(MAX_PAGES)], {
      // Without the environment of this process, which contains secrets.
      env: {},
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    return JSON.parse(stdout) as Answer;
  } catch (error) {
    const { signal, code } = error as { signal?: string | null; code?: unknown };
    if ((signal && GIVEN_UP.has(signal)) || code === UNSETTLED) throw tooComplex(error, PRINT_ANEW);
    throw error;
  }
}
