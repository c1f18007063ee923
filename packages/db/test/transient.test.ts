import { describe, expect, it } from '@jest/globals';
import { Patience, timeLeftMs, withPatience } from '../src/patience.ts';
import { isTransient, withRetry } from '../src/transient.ts';

const coded = (code: string) => Object.assign(new Error('an error'), { code });

describe('isTransient', () => {
  it.each([
    ...['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '53300', '40001', '40P01', '08006', 'P1001'],
    ...['57014', '55P03'],
  ])('is true for code %s', (code) => expect(isTransient(coded(code))).toBe(true));

  it.each(['23505', '22P02', '42703', '28P01', 'P2002'])('is false for code %s', (code) => {
    expect(isTransient(coded(code))).toBe(false);
  });

  it('looks at causes, at the driver error behind Prisma, and at every address that was tried', () => {
    expect(isTransient(new Error('could not save', { cause: coded('57P01') }))).toBe(true);
    const driverAdapterError = Object.assign(new Error(), { cause: { originalCode: '57P01' } });
    expect(isTransient(Object.assign(new Error(), { code: 'P2010', meta: { driverAdapterError } }))).toBe(
      true,
    );
    expect(isTransient(new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]))).toBe(true);
    expect(isTransient(new AggregateError([coded('ECONNREFUSED'), coded('28P01')]))).toBe(false);
  });

  it.each([undefined, null, 'ECONNRESET', 7, new Error('no'), new AggregateError([])])(
    'is false for %p',
    (value) => {
      expect(isTransient(value)).toBe(false);
    },
  );
});

describe('withRetry', () => {
  const failing = (errors: unknown[]) => {
    const calls = { count: 0 };
    const run = async () => {
      calls.count += 1;
      if (errors.length > 0) throw errors.shift();
      return 'done';
    };
    return { calls, run };
  };

  it('runs again after transient faults and returns the first success', async () => {
    const { calls, run } = failing([coded('57P01'), coded('ECONNREFUSED')]);
    await expect(withRetry(run, { delayMs: 1 })).resolves.toBe('done');
    expect(calls.count).toBe(3);
  });

  it('throws any other error at once', async () => {
    const { calls, run } = failing([coded('23505')]);
    await expect(withRetry(run, { delayMs: 1 })).rejects.toMatchObject({ code: '23505' });
    expect(calls.count).toBe(1);
  });

  it('gives up after the given number of attempts, with the last error', async () => {
    const { calls, run } = failing([coded('57P01'), coded('57P02'), coded('57P03'), coded('57P01')]);
    await expect(withRetry(run, { attempts: 3, delayMs: 1 })).rejects.toMatchObject({ code: '57P03' });
    expect(calls.count).toBe(3);
  });

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController();
    const { calls, run } = failing([coded('57P01'), coded('57P01')]);
    const onRetry = () => controller.abort();
    const retried = withRetry(run, {
      delayMs: 60_000,
      maxDelayMs: 60_000,
      signal: controller.signal,
      onRetry,
    });
    await expect(retried).rejects.toMatchObject({ code: '57P01' });
    expect(calls.count).toBe(1);
  });

  it('inside another one tries once, and the outermost one retries everything', async () => {
    const { calls, run } = failing(Array.from({ length: 100 }, () => coded('57P01')));
    const nested = withRetry(() => withRetry(() => withRetry(run, { attempts: 5 })), { delayMs: 1 });
    await expect(nested).rejects.toMatchObject({ code: '57P01' });
    expect(calls.count).toBe(7);
  });

  it('still retries in a promise that an earlier, finished withRetry left behind', async () => {
    const { calls, run } = failing([coded('57P01')]);
    let begin = () => undefined as void;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const left: Promise<string>[] = [];
    await withRetry(async () => {
      left.push(begun.then(() => withRetry(run, { delayMs: 1 })));
    });
    begin();
    await expect(left[0]).resolves.toBe('done');
    expect(calls.count).toBe(2);
  });
});

describe('withPatience', () => {
  const alwaysFailing = (lastsMs: number) => {
    const calls = { count: 0 };
    const run = async () => {
      calls.count += 1;
      await new Promise((resolve) => setTimeout(resolve, lastsMs));
      throw coded('57014');
    };
    return { calls, run };
  };

  it('counts the faults of all calls of one request together', async () => {
    const { calls, run } = alwaysFailing(0);
    const fails = () => withRetry(run, { delayMs: 1 }).catch(() => undefined);
    await withPatience(new Patience({ totalMs: 60_000 }), async () => {
      for (let each = 0; each < 4; each += 1) await fails();
    });
    // Each call after the limit is still tried once.
    expect(calls.count).toBe(7 + 3);
  });

  it('ends the retries when its time is over, however many tries are left', async () => {
    const { calls, run } = alwaysFailing(60);
    const startedAt = performance.now();
    const tried = withPatience(new Patience({ totalMs: 100 }), () => withRetry(run, { delayMs: 1 }));
    await expect(tried).rejects.toMatchObject({ code: '57014' });
    expect(calls.count).toBe(2);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(100);
  });

  it('gives each statement the time that is left, also within a try, and at least 250 ms', async () => {
    expect(timeLeftMs()).toBeUndefined();
    await withPatience(new Patience({ totalMs: 1_000 }), async () => {
      expect(timeLeftMs()).toBe(1_000);
      await withRetry(async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(timeLeftMs()).toBeLessThanOrEqual(901);
        await new Promise((resolve) => setTimeout(resolve, 800));
        expect(timeLeftMs()).toBe(250);
      });
      expect(timeLeftMs()).toBe(250);
    });
  });
});
