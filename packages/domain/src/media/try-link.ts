import { messageOf } from '@solospark/foundation';
import { createHttpClient } from '@solospark/publishers';

/** Far less than a platform gives it. */
const TIMEOUT_MS = 5_000;

/** The link is good, and does not lead to its file: PUBLIC_URL is wrong, or what answers there is not well. */
export class LinkUnservedError extends Error {
  constructor(detail: string, cause?: unknown) {
    super(detail, { cause });
    this.name = 'LinkUnservedError';
  }
}

/**
 * Fetches the first byte behind a link that a platform is about to be told to fetch, so that what is wrong on our side is
 * not taken for the platform's fault.
 * @throws LinkUnservedError, with nothing in its message that makes the link a permission
 */
export async function tryLink(
  url: string,
  file: { mimeType: string; byteSize: number },
  signal: AbortSignal,
): Promise<void> {
  const http = createHttpClient({ baseUrl: url, timeoutMs: TIMEOUT_MS, signal });
  const range = { range: 'bytes=0-0' };
  const response = await http
    .request({ method: 'GET', path: url, headers: range })
    .catch((error: unknown) => {
      throw new LinkUnservedError(messageOf(error), error);
    });
  const { status, headers } = response;
  if (status !== 200 && status !== 206) throw new LinkUnservedError(`it answered with HTTP ${status}`);
  const type = headers.get('content-type') ?? 'no type';
  if (!type.startsWith(file.mimeType)) {
    throw new LinkUnservedError(`it answered with ${type} instead of ${file.mimeType}`);
  }
  // Something between us may take no notice of a range.
  const size = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? headers.get('content-length');
  if (Number(size) !== file.byteSize) {
    throw new LinkUnservedError(`it answered with a file of ${size} bytes instead of ${file.byteSize}`);
  }
}
