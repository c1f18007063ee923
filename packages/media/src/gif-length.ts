const HEAD_BYTES = 13;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/**
 * A GIF is a head and a row of blocks, of which the last is a trailer (GIF89a, appendix B). In a file that was cut off it is
 * not reached: undefined. The library takes such a file, with the frames that are left of it. Behind the trailer nobody
 * looks, so there may be anything.
 */
export function gifLength(gif: Buffer): number | undefined {
  let at = HEAD_BYTES + tableBytes(gif[10]);
  for (;;) {
    switch (gif[at]) {
      case TRAILER:
        return at + 1;
      case EXTENSION:
        at = afterSubBlocks(gif, at + 2);
        break;
      case IMAGE:
        // Its own head, its colours, and the byte that says how it is packed.
        at = afterSubBlocks(gif, at + 10 + tableBytes(gif[at + 9]) + 1);
        break;
      default:
        return undefined;
    }
  }
}

/** Three bytes for each colour, if there is a table at all. */
function tableBytes(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0;
}

/** Each begins with its length; the last has none. Behind the end of the file there is nothing that looks like a block. */
function afterSubBlocks(gif: Buffer, start: number): number {
  let at = start;
  for (let length = gif[at]; length; length = gif[at]) at += 1 + length;
  return at + 1;
}
