// The frames between this process and the disk process: length of the head, length of the body, the head as JSON, the body.
// (Node's own IPC channel would encode the bytes as text.)

export function writeFrame(head: object, body: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(json.length, 0);
  lengths.writeUInt32BE(body.byteLength, 4);
  return Buffer.concat([lengths, json, body]);
}

/** Returns a function that takes chunks and calls `onFrame` for every complete frame. */
export function readFrames(
  onFrame: (head: unknown, body: Uint8Array<ArrayBuffer>) => void,
): (chunk: Buffer) => void {
  let pending: Buffer[] = [];
  let byteCount = 0;
  let wanted = 8;
  return (chunk) => {
    pending.push(chunk);
    byteCount += chunk.length;
    // Chunks are joined once for a frame, not once for a chunk: a frame may come in dozens of chunks.
    while (byteCount >= wanted) {
      const all = Buffer.concat(pending);
      const headEnd = 8 + all.readUInt32BE(0);
      const end = headEnd + all.readUInt32BE(4);
      pending = [all];
      wanted = end;
      if (byteCount < end) return;
      onFrame(JSON.parse(all.toString('utf8', 8, headEnd)), new Uint8Array(all.subarray(headEnd, end)));
      pending = [all.subarray(end)];
      byteCount -= end;
      wanted = 8;
    }
  };
}
