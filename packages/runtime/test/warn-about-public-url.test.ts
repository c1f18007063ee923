import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@solospark/foundation';
import { Writable } from 'node:stream';
import type { Settings } from '@solospark/domain';
import { warnAboutPublicUrl } from '../src/warn-about-public-url.ts';

const app = { clientId: 'id', clientSecret: 'secret' };
const said = (publicUrl: string, apps: Settings['apps']) => {
  const lines: string[] = [];
  const out = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLogger({ name: 'test', level: 'info' }, out);
  warnAboutPublicUrl({ settings: { publicUrl, apps } as Settings, log });
  return lines.join('');
};

describe('warnAboutPublicUrl', () => {
  it.each([
    ...[
      'http://localhost:3000',
      'http://127.0.0.1:3000',
      'http://[::1]:3000',
      'http://10.0.0.7',
      'https://192.168.1.2',
    ],
    ...[
      'http://api:3000',
      'https://nas.local',
      'https://api.corp.internal',
      'http://169.254.1.1',
      'http://100.64.0.1',
    ],
  ])('warns about a private address, and says what to do: %s', (publicUrl) => {
    const warning = said(publicUrl, { instagram: app });
    for (const word of ['PUBLIC_URL', publicUrl, 'instagram', 'public internet'])
      expect(warning).toContain(word);
  });

  it.each([
    ['the host is public', 'https://api.example.com', { instagram: app }],
    ['the address is a public IP address', 'https://93.184.215.14', { instagram: app }],
    ['only the sandbox fetches files', 'http://127.0.0.1:3000', {}],
    ['no connected platform fetches files itself', 'http://127.0.0.1:3000', { x: app, linkedin: app }],
  ])('does not warn when %s', (_, publicUrl, apps) => {
    expect(said(publicUrl, apps)).toBe('');
  });
});
