const timeoutMs = 30_000;

export interface Fetched {
  /** All of it, or as much from its beginning as was to be kept. */
  bytes: Buffer;
  isWhole: boolean;
}

/** Fetches what a URL points to, as Meta's servers do: with no credentials, and not for long. */
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
    // Whatever went wrong, the caller is told one thing: it could not be fetched.
    return 'unreachable';
  }
}
