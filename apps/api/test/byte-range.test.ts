import { expect, it } from '@jest/globals';
import { byteRangeOf } from '../src/http/byte-range.ts';

it.each([
  [undefined, 'whole'],
  ['', 'whole'],
  ['items=0-1', 'whole'],
  ['bytes=0-1,3-4', 'whole'],
  ['bytes=a-b', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=7-3', 'whole'],
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-5', { start: 2, end: 5 }],
  ['bytes=2-', { start: 2, end: 9 }],
  ['bytes=2-99', { start: 2, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
] as const)('the Range header %s of a file of ten bytes is read as %j', (header, range) => {
  expect(byteRangeOf(header, 10)).toEqual(range);
});
