/**
 * Limits a response to `maxBytes`: reading more fails, and ends the connection. Of a compressed body, the decompressed bytes
 * are counted.
 */
export function limitAnswer(response: Response, maxBytes: number): Response {
  const { body, status, headers } = response;
  if (!body) return response;
  let byteSize = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        byteSize += piece.byteLength;
        if (byteSize > maxBytes) throw new Error(`the store's answer is longer than ${maxBytes} bytes`);
        controller.enqueue(piece);
      },
    }),
  );
  return new Response(counted, { status, headers });
}
