import { messageOf } from '@solospark/foundation';
import { createHttpClient } from '@solospark/publishers';

/** Far less than the platforms' own time limits. */
const TIMEOUT_MS = 5_000;

/** The link is valid, but does not lead to its file: PUBLIC_URL is wrong, or what answers at that address is faulty. */
export class LinkUnservedError extends Error {
  constructor(detail: string, cause?: unknown) {
    super(detail, { cause });
    this.name = 'LinkUnservedError';
  }
}

/**
 * Fetches the first byte behind a link before a platform is told to fetch it, so that a fault on our side is not blamed on
 * the platform.
 * @throws LinkUnservedError, whose message never contains the signature of the link
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
  // A proxy between us may ignore the range.
  const size = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? headers.get('content-length');
  if (Number(size) !== file.byteSize) {
    throw new LinkUnservedError(`it answered with a file of ${size} bytes instead of ${file.byteSize}`);
  }
}
