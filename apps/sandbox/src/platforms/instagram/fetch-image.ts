const timeoutMs = 10_000;

/** Fetches what `image_url` points to, as Meta's servers do: with no credentials, and not for long. */
export async function fetchImage(
  imageUrl: string,
  maxBytes: number,
): Promise<Buffer | 'unreachable' | 'too-large'> {
  if (!/^https?:\/\//i.test(imageUrl)) return 'unreachable';
  try {
    const response = await fetch(imageUrl, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok || !response.body) return 'unreachable';
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) return 'too-large';
    }
    return Buffer.concat(chunks);
  } catch {
    // Whatever went wrong, the caller is told one thing: it could not be fetched.
    return 'unreachable';
  }
}
