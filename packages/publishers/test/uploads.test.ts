import { describe, expect, it } from '@jest/globals';
import { Type } from 'typebox';
import type { Step } from '../src/answer.ts';
import type { PublishCall, PublishMedia, Evidence } from '../src/publisher.ts';
import { inPieces, uploadSequentially, timeToUpload, uploadsUnder } from '../src/uploads.ts';

const file = (id: string) => ({ id }) as PublishMedia;
const [a, b, c] = [file('a'), file('b'), file('c')];

/** A delivery whose evidence is stored as JSON. */
function callWith(evidence: Evidence = {}): PublishCall {
  const remember = (facts: Evidence) => {
    Object.assign(evidence, JSON.parse(JSON.stringify(facts)));
    return Promise.resolve();
  };
  return { media: [a, b, c], evidence, remember } as unknown as PublishCall;
}

const Upload = Type.Object({ id: Type.String() });
const uploads = uploadsUnder('uploads', Upload, ({ onlyId }) =>
  typeof onlyId === 'string' ? { id: onlyId } : undefined,
);

describe('an upload in the evidence', () => {
  it('is found by its file, and keeps the other facts', async () => {
    const call = callWith({ other: 1 });
    await uploads.keep(call, a, { id: '1' });
    await uploads.keep(call, b, { id: '2' });
    await uploads.keep(call, a, { id: '3' });
    expect([a, b, c].map((each) => uploads.find(call, each))).toEqual([{ id: '3' }, { id: '2' }, undefined]);
    expect(uploads.list(call)).toEqual([{ id: '3' }, { id: '2' }]);
    expect(call.evidence).toEqual({ other: 1, uploads: { a: { id: '3' }, b: { id: '2' } } });
  });

  it('is forgotten for one file only', async () => {
    const call = callWith();
    for (const each of [a, b, c]) await uploads.keep(call, each, { id: each.id });
    await uploads.forget(call, [a, c]);
    expect([a, b, c].map((each) => uploads.find(call, each))).toEqual([undefined, { id: 'b' }, undefined]);
    expect(uploads.list(call)).toEqual([{ id: 'b' }]);
  });

  it('is read from the older form for the first file, until it has an entry', async () => {
    const call = callWith({ onlyId: '1' });
    expect([a, b].map((each) => uploads.find(call, each))).toEqual([{ id: '1' }, undefined]);
    await uploads.keep(call, b, { id: '2' });
    expect(uploads.find(call, a)).toEqual({ id: '1' });
    await uploads.forget(call, [a]);
    expect(uploads.find(call, a)).toBeUndefined();
    await uploads.keep(call, a, { id: '3' });
    expect(uploads.find(call, a)).toEqual({ id: '3' });
  });

  it.each([{ uploads: { a: { number: 1 } } }, { uploads: { a: 'x' } }, { uploads: 'x' }, { uploads: null }])(
    'counts as missing if it cannot be read: %j',
    (evidence) => {
      const call = callWith({ ...evidence });
      expect(uploads.find(call, a)).toBeUndefined();
      expect(uploads.list(call)).toEqual([]);
    },
  );
});

describe('sequential uploads', () => {
  it('start each file after the previous one, and stop at the first that fails', async () => {
    const log: string[] = [];
    const retry = {
      outcome: 'retry',
      failure: { kind: 'unavailable', actor: 'platform', reason: 'r' },
    } as const;
    const upload = async (each: PublishMedia): Promise<Step<string>> => {
      log.push(`${each.id} begins`);
      await Promise.resolve();
      log.push(`${each.id} ends`);
      return each.id === 'b' ? retry : { outcome: 'done', value: each.id };
    };
    expect(await uploadSequentially([a, c], upload)).toEqual({ outcome: 'done', value: ['a', 'c'] });
    expect(await uploadSequentially([a, b, c], upload)).toBe(retry);
    const inOrder = (ids: string) => [...ids].flatMap((id) => [`${id} begins`, `${id} ends`]);
    expect(log).toEqual(inOrder('acab'));
  });
});

describe('a file that is too large for memory', () => {
  const piece = 4 * 1024 * 1024;
  it.each([
    [1, [1]],
    [piece, [piece]],
    [2 * piece + 1, [piece, piece, 1]],
  ])('of %i bytes is read in pieces that add up to the file', async (byteSize, sizes) => {
    const read: number[] = [];
    const bytes: PublishMedia['bytes'] = (range) => {
      if (!range) throw new Error('all of it');
      return Promise.resolve(new Uint8Array(range.end - range.start + 1));
    };
    const body = inPieces({ byteSize, bytes } as PublishMedia);
    for await (const each of body.pieces) read.push(each.length);
    expect([body.byteSize, read]).toEqual([byteSize, sizes]);
  });
  it('has a time-out in whole milliseconds', () => {
    expect([1, 100, 50_000_000].map(timeToUpload)).toEqual([20_001, 20_001, 520_000]);
  });
});
