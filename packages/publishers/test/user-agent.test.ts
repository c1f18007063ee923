import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createHttpClient } from '../src/http.ts';
import { serveScript, type ScriptedServer } from './scripted.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

describe('every request has a user agent', () => {
  it.each([
    ['https://api.example.com', `SoloSpark/${version} (+https://api.example.com)`],
    ['mailto:ops@example.com', `SoloSpark/${version} (+mailto:ops@example.com)`],
    [undefined, `SoloSpark/${version}`],
  ])('with the version of package.json and a contact: %s', async (contact, agent) => {
    let told: string | undefined;
    server.answer(({ headers }) => {
      told = headers['user-agent'];
      return { status: 200 };
    });
    const http = createHttpClient({ baseUrl: server.origin, timeoutMs: 5_000, ...(contact && { contact }) });
    await http.request({ method: 'GET', path: '/' });
    expect(told).toBe(agent);
  });
});
