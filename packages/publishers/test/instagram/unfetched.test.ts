import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { instagram } from '../../src/instagram/index.ts';
import { callOf, imageOf, serveScript, type ScriptedServer } from '../scripted.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

describe('a file that Instagram could not fetch', () => {
  it.each([
    [
      'http://localhost:3000',
      /given http:\/\/localhost:3000 \(PUBLIC_URL\), which only this machine or its own network/,
    ],
    ['http://192.168.1.5:3000', /given http:\/\/192\.168\.1\.5:3000 \(PUBLIC_URL\), which only/],
    [
      'https://media.example.com',
      /from this server \(https:\/\/media\.example\.com, PUBLIC_URL\), where it can be fetched/,
    ],
  ])("is the operator's task, and the reason names the address: %s", async (origin, reason) => {
    const error = {
      message: 'm',
      code: 9004,
      error_subcode: 2207052,
      error_user_msg: 'The media could not be fetched from this URI.',
    };
    server.answer(({ method, url }) =>
      method === 'POST' && url?.endsWith('/media') ? { status: 400, body: { error } } : { status: 404 },
    );
    const file = { ...imageOf(), publicUrl: () => Promise.resolve(`${origin}/media/1.jpg?signature=abc`) };
    const prepared = await instagram.prepare(callOf(server.origin, { media: [file] }));
    expect(prepared).toMatchObject({
      outcome: 'retry',
      failure: {
        kind: 'media_unavailable',
        actor: 'operator',
        reason: expect.stringMatching(reason),
        platformMessage: expect.stringContaining('could not be fetched'),
      },
    });
    expect(JSON.stringify(prepared)).not.toContain('signature');
  });
});
