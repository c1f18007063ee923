import { describe, expect, it } from '@jest/globals';
import type { SqlRunner } from '../src/database.ts';
import { inBatches } from '../src/in-batches.ts';

const db: SqlRunner = { query: () => Promise.reject(new Error('no statement of its own')) };
const transient = () => Object.assign(new Error('deadlock detected'), { code: '40P01' });

const until = async (condition: () => boolean) => {
  for (let time = 0; time < 2_000 && !condition(); time += 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('inBatches', () => {
  it('puts items that arrive during a statement into the next one, and gives each caller its own result', async () => {
    const statements: number[][] = [];
    let release: () => void = () => undefined;
    const double = inBatches(
      async (_, items: number[]) => {
        statements.push(items);
        if (statements.length === 1) await new Promise<void>((resolve) => (release = resolve));
        return items.map((item) => item * 2);
      },
      { size: 3, patienceMs: 60_000 },
    );
    const first = double(db, 1);
    await until(() => statements.length === 1);
    const rest = [2, 3, 4, 5].map((item) => double(db, item));
    release();
    expect(await Promise.all([first, ...rest])).toEqual([2, 4, 6, 8, 10]);
    expect(statements).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('does not wait for a slow statement, and runs at most four at a time', async () => {
    let underWay = 0;
    const releases: (() => void)[] = [];
    const hang = inBatches(
      async (_, items: number[]) => {
        underWay += 1;
        await new Promise<void>((resolve) => releases.push(resolve));
        underWay -= 1;
        return items;
      },
      { size: 1, patienceMs: 1 },
    );
    const answers = [1, 2, 3, 4, 5, 6, 7].map((item) => hang(db, item));
    await until(() => underWay === 4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(underWay).toBe(4);
    const releasing = setInterval(() => releases.shift()?.(), 5);
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    clearInterval(releasing);
  });

  it('fails only the bad item of a batch, not the others', async () => {
    const check = inBatches((_, items: string[]) =>
      items.includes('bad') ? Promise.reject(new Error('bad item')) : Promise.resolve(items),
    );
    const answers = await Promise.allSettled(['one', 'bad', 'two'].map((item) => check(db, item)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('throws a transient fault to all callers, and does not retry by itself', async () => {
    let statements = 0;
    const fail = inBatches((_, items: number[]): Promise<number[]> => {
      statements += 1;
      return Promise.reject(items.length > 0 ? transient() : new Error('empty'));
    });
    const answers = await Promise.allSettled([1, 2, 3].map((item) => fail(db, item)));
    expect(answers.every((answer) => answer.status === 'rejected')).toBe(true);
    expect(statements).toBe(1);
  });

  it('rejects when a statement does not return one result for each item', async () => {
    const short = inBatches((_, items: number[]) => Promise.resolve(items.slice(1)));
    await expect(short(db, 1)).rejects.toThrow(/one result for each/);
  });
});
