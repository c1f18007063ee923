import type { ByteRange } from '@solospark/domain';

/**
 * What a Range header asks for of a file (RFC 9110, 14): its bytes from `start` to `end`, both inclusive. Several ranges,
 * another unit and what cannot be read are ignored, as they may be: the answer is the whole file.
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
