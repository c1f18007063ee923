import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { parseKeyring, seal, SealError, unseal } from '../src/index.ts';

const key = () => randomBytes(32).toString('base64');

describe('sealing', () => {
  const old = key();
  const keyring = parseKeyring(`2026:${key()},2025:${old}`);

  it('opens what it sealed, and seals the same text differently each time', () => {
    const sealed = seal(keyring, 'a token', 'channel 1');
    expect(unseal(keyring, sealed, 'channel 1')).toBe('a token');
    expect(sealed).not.toContain('token');
    expect(seal(keyring, 'a token', 'channel 1')).not.toBe(sealed);
  });

  it('opens values that an older key sealed, and seals with the first key', () => {
    const sealed = seal(parseKeyring(`2025:${old}`), 'a token', 'channel 1');
    expect(unseal(keyring, sealed, 'channel 1')).toBe('a token');
    expect(seal(keyring, 'x', 'y')).toMatch(/^v1\.2026\./);
  });

  it('refuses another context, an altered value, an unknown key, and a value that was never sealed', () => {
    const sealed = seal(keyring, 'a token', 'channel 1');
    expect(() => unseal(keyring, sealed, 'channel 2')).toThrow(SealError);
    expect(() => unseal(keyring, `${sealed.slice(0, -2)}AA`, 'channel 1')).toThrow(SealError);
    expect(() => unseal(parseKeyring(`2024:${key()}`), sealed, 'channel 1')).toThrow(/not configured/);
    expect(() => unseal(keyring, 'plain', 'channel 1')).toThrow(SealError);
  });

  it('refuses a key that is not 32 bytes', () => {
    expect(() => parseKeyring('k1:c2hvcnQ=')).toThrow(SealError);
    expect(() => parseKeyring('')).toThrow(SealError);
  });
});
