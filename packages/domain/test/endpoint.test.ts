import { describe, expect, it } from '@jest/globals';
import { linksAt } from '../src/channel/endpoint.ts';

const BASE = 'http://sandbox.test/linkedin';
const SENTENCE =
  'It is out already, at https://www.linkedin.com/feed/update/urn:li:share:1/. Look at the profile there.';

describe('a link in a sentence', () => {
  it('leads to the sandbox for a sandbox channel', () => {
    expect(linksAt({ sandbox: true, server: '' }, BASE, SENTENCE)).toBe(
      `It is out already, at ${BASE}/feed/update/urn:li:share:1/. Look at the profile there.`,
    );
  });

  it('stays as it is for a real account', () => {
    expect(linksAt({ sandbox: false, server: '' }, 'https://api.linkedin.com', SENTENCE)).toBe(SENTENCE);
  });
});
