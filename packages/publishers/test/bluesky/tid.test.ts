import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createTid } from '../../src/bluesky/tid.ts';

const at = (ms: number, id: string = randomUUID()) => createTid({ id, createdAt: new Date(ms) });
/** Decodes a TID digit by digit, as the specification says. */
const decode = (tid: string) =>
  [...tid].reduce(
    (value, digit) => value * 32n + BigInt('234567abcdefghijklmnopqrstuvwxyz'.indexOf(digit)),
    0n,
  );

it('is a TID: thirteen digits, the highest bit not set', () => {
  for (const ms of [0, Date.parse('2026-11-22T10:00:00.123Z'), Date.parse('2099-12-31T23:59:59.999Z')]) {
    for (let round = 0; round < 100; round++) expect(at(ms)).toMatch(/^[2-7a-j][2-7a-z]{12}$/);
  }
});

it('has microseconds, and ten bits that distinguish deliveries of the same time', () => {
  const ms = Date.parse('2026-11-22T10:00:00.123Z');
  const values = Array.from({ length: 200 }, () => decode(at(ms)));
  for (const value of values) expect((value >> 10n) / 1_000n).toBe(BigInt(ms));
  expect(new Set(values.map((value) => value & 1_023n)).size).toBeGreaterThan(100);
  expect(new Set(values.map((value) => value >> 10n)).size).toBeGreaterThan(100);
});

it('sorts by time', () => {
  const start = Date.parse('2026-11-22T10:00:00Z');
  const tids = Array.from({ length: 50 }, (_, index) => at(start + index * 7));
  expect([...tids].sort()).toEqual(tids);
});

it('never changes for a delivery, so a forgotten send is not repeated under another key', () => {
  const createdAt = Date.parse('2026-11-22T10:00:00.123Z');
  const id = '0c3f5c1e-9c1b-4a3e-8a2e-3f7d1d0e9b11';
  expect(at(createdAt, id)).toBe(at(createdAt, id));
  expect(at(createdAt, id)).not.toBe(at(createdAt, '0c3f5c1e-9c1b-4a3e-8a2e-3f7d1d0e9b12'));
});
