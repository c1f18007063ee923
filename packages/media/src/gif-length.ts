const HEAD_BYTES = 13;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/**
 * The length of a GIF up to its trailer: a GIF is a header and a list of blocks, of which the trailer is the last (GIF89a,
 * appendix B). Undefined for a truncated file, which the library would accept with the frames that are left. Readers ignore
 * the bytes behind the trailer, so they may hide anything.
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
        // The image descriptor, its colour table, and the byte with the LZW code size.
        at = afterSubBlocks(gif, at + 10 + tableBytes(gif[at + 9]) + 1);
        break;
      default:
        return undefined;
    }
  }
}

/** The size of a colour table, if there is one: three bytes for each colour. */
function tableBytes(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0;
}

/** Each sub-block begins with its length; length 0 ends the list. Behind the end of the file no block is found. */
function afterSubBlocks(gif: Buffer, start: number): number {
  let at = start;
  for (let length = gif[at]; length; length = gif[at]) at += 1 + length;
  return at + 1;
}
