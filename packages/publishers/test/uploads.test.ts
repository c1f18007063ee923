import { describe, expect, it } from '@jest/globals';
import { Type } from 'typebox';
import type { Step } from '../src/answer.ts';
import type { PublishCall, PublishMedia, Witness } from '../src/publisher.ts';
import { inTurn, timeToUpload, uploadsUnder } from '../src/uploads.ts';

const file = (id: string) => ({ id }) as PublishMedia;
const [a, b, c] = [file('a'), file('b'), file('c')];

/** A delivery whose row keeps what is remembered, as JSON does. */
function callWith(witness: Witness = {}): PublishCall {
  const remember = (facts: Witness) => {
    Object.assign(witness, JSON.parse(JSON.stringify(facts)));
    return Promise.resolve();
  };
  return { media: [a, b, c], witness, remember } as unknown as PublishCall;
}

const Upload = Type.Object({ id: Type.String() });
const uploads = uploadsUnder('uploads', Upload, ({ onlyId }) =>
  typeof onlyId === 'string' ? { id: onlyId } : undefined,
);

describe('what was uploaded', () => {
  it('is found by its file, and stands beside what else was', async () => {
    const call = callWith({ other: 1 });
    await uploads.keep(call, a, { id: '1' });
    await uploads.keep(call, b, { id: '2' });
    await uploads.keep(call, a, { id: '3' });
    expect([a, b, c].map((each) => uploads.find(call, each))).toEqual([{ id: '3' }, { id: '2' }, undefined]);
    expect(uploads.list(call)).toEqual([{ id: '3' }, { id: '2' }]);
    expect(call.witness).toEqual({ other: 1, uploads: { a: { id: '3' }, b: { id: '2' } } });
  });

  it('is forgotten file by file', async () => {
    const call = callWith();
    for (const each of [a, b, c]) await uploads.keep(call, each, { id: each.id });
    await uploads.forget(call, [a, c]);
    expect([a, b, c].map((each) => uploads.find(call, each))).toEqual([undefined, { id: 'b' }, undefined]);
    expect(uploads.list(call)).toEqual([{ id: 'b' }]);
  });

  it('is read in the older way for the first file, until something else is said of that', async () => {
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
    'has to be uploaded again where it cannot be read: %j',
    (witness) => {
      const call = callWith({ ...witness });
      expect(uploads.find(call, a)).toBeUndefined();
      expect(uploads.list(call)).toEqual([]);
    },
  );
});

it('the time for an upload is one that a timer takes', () => {
  for (const byteSize of [0, 1, 139, 103_809_024])
    expect(timeToUpload(byteSize)).toBe(Math.ceil(20_000 + byteSize / 100));
});

describe('uploading in turn', () => {
  it('begins none before the one before it is done, and ends with the first that is not', async () => {
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
    expect(await inTurn([a, c], upload)).toEqual({ outcome: 'done', value: ['a', 'c'] });
    expect(await inTurn([a, b, c], upload)).toBe(retry);
    const inOrder = (ids: string) => [...ids].flatMap((id) => [`${id} begins`, `${id} ends`]);
    expect(log).toEqual(inOrder('acab'));
  });
});
