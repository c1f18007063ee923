import type { ByteRange } from '@solospark/domain';

/**
 * Parses a Range header (RFC 9110, 14): the bytes from `start` to `end`, both inclusive. Several ranges, other units and
 * malformed headers are ignored, as the RFC allows: the answer is then the whole file.
 */
export function byteRangeOf(
  header: string | undefined,
  byteSize: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return 'whole';
  if (from === '') {
    const length = Math.min(Number(to), byteSize);
    return length === 0 ? 'unsatisfiable' : { start: byteSize - length, end: byteSize - 1 };
  }
  const start = Number(from);
  if (start >= byteSize) return 'unsatisfiable';
  const end = to === '' ? byteSize - 1 : Math.min(Number(to), byteSize - 1);
  return end < start ? 'whole' : { start, end };
}
