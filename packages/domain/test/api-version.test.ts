import { beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@solospark/foundation';
import { findPublisher } from '@solospark/publishers';
import { Writable } from 'node:stream';
import { describeApiVersion } from '../src/channel/api-version.ts';
import type { Context } from '../src/context.ts';
import { warnOfEndingVersions } from '../src/worker/warn-of-ending-versions.ts';

let said: string[];
function contextAt(now: string, apiVersions: Record<string, string> = {}): Context {
  const sink = new Writable({
    write(chunk, _encoding, done) {
      said.push(String(chunk));
      done();
    },
  });
  return {
    clock: { now: () => new Date(now), monotonicMs: () => 0 },
    settings: { apiVersions },
    log: createLogger({ name: 'test', level: 'info' }, sink),
    findPublisher,
  } as unknown as Context;
}

describe('the version of an API', () => {
  const linkedin = findPublisher('linkedin')!;
  const x = findPublisher('x')!;

  it('is supported until its month comes again, with a warning 60 days before', () => {
    const at = (now: string) => describeApiVersion(contextAt(now, { linkedin: '202611' }), linkedin);
    const endsAt = new Date('2027-11-01T00:00:00Z');
    expect(at('2027-09-01T00:00:00Z')).toEqual({ version: '202611', endsAt, endsSoon: false });
    expect(at('2027-09-02T00:00:01Z')).toEqual({ version: '202611', endsAt, endsSoon: true });
    expect(at('2028-01-01T00:00:00Z')).toMatchObject({ endsSoon: true });
  });

  it('is this build’s where the operator sets none, and null where calls name no version', () => {
    const ctx = contextAt('2026-11-22T00:00:00Z');
    expect(describeApiVersion(ctx, linkedin)).toMatchObject({ version: linkedin.apiVersion?.default });
    expect(describeApiVersion(ctx, x)).toBeNull();
  });
});

describe('the warning of versions that end', () => {
  beforeEach(() => {
    said = [];
  });
  const warnings = () => said.filter((line) => line.includes('the version of an API ends soon'));

  it('names the version that ends soon, and says what to do', () => {
    warnOfEndingVersions(contextAt('2027-10-01T00:00:00Z', { linkedin: '202611' }), ['x', 'linkedin']);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain('LINKEDIN_API_VERSION');
  });

  it('says nothing about a version that does not end soon', () => {
    warnOfEndingVersions(contextAt('2026-11-22T00:00:00Z', { linkedin: '202611' }), ['linkedin']);
    expect(warnings()).toEqual([]);
  });
});
