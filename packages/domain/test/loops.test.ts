import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createLogger } from '@solospark/foundation';
import { startLoops } from '../src/worker/loops.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const ctx = { log: createLogger({ name: 'test', level: 'silent' }) };

it('a loop starts at once, repeats after its interval, also after an error, and ends when it is stopped', async () => {
  let rounds = 0;
  const run = () => {
    rounds += 1;
    return rounds === 2 ? Promise.reject(new Error('away')) : Promise.resolve();
  };
  const loops = startLoops(ctx, [{ name: 'test', everyMs: 1_000, run }]);
  expect(rounds).toBe(1);
  await jest.advanceTimersByTimeAsync(3_100);
  expect(rounds).toBe(4);
  const stopped = loops.stop();
  await jest.advanceTimersByTimeAsync(10_000);
  await stopped;
  expect(rounds).toBe(4);
});

it('a loop that hangs delays no other loop', async () => {
  let rounds = 0;
  const hang = () => new Promise(() => undefined);
  const run = () => Promise.resolve((rounds += 1));
  startLoops(ctx, [
    { name: 'hangs', everyMs: 1_000, run: hang },
    { name: 'goes on', everyMs: 1_000, run },
  ]);
  await jest.advanceTimersByTimeAsync(2_500);
  expect(rounds).toBe(3);
});
