const timeoutMs = 30_000;

export interface Fetched {
  /** The whole file, or its beginning when it is larger than `keptBytes`. */
  bytes: Buffer;
  isWhole: boolean;
}

/** Fetches a file as Meta's servers do: without credentials, and with a short timeout. */
export async function fetchMedia(
  url: string,
  limits: { maxBytes: number; keptBytes: number },
): Promise<Fetched | 'unreachable' | 'too-large'> {
  if (!/^https?:\/\//i.test(url)) return 'unreachable';
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok || !response.body) return 'unreachable';
    const kept: Uint8Array[] = [];
    let keptLength = 0;
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > limits.maxBytes) return 'too-large';
      if (keptLength >= limits.keptBytes) continue;
      kept.push(chunk);
      keptLength += chunk.length;
    }
    return { bytes: Buffer.concat(kept), isWhole: keptLength === length };
  } catch {
    // The caller gets the same error for every cause.
    return 'unreachable';
  }
}
