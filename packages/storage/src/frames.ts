// What this process and the one that works on the disk say to each other: the length of a head, that of a body, the head as
// JSON, and the body. (Node's own channel between processes would write bytes down as text.)

export function writeFrame(head: object, body: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(json.length, 0);
  lengths.writeUInt32BE(body.byteLength, 4);
  return Buffer.concat([lengths, json, body]);
}

/** Takes chunks as they come, and calls back for every whole frame. */
export function readFrames(
  onFrame: (head: unknown, body: Uint8Array<ArrayBuffer>) => void,
): (chunk: Buffer) => void {
  let pending: Buffer[] = [];
  let byteCount = 0;
  let wanted = 8;
  return (chunk) => {
    pending.push(chunk);
    byteCount += chunk.length;
    // Joined once for a frame, not once for a chunk: a piece of a file comes in dozens of them.
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
