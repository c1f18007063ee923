import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

const send = async (method: string, path: string, body: Buffer | undefined, type = 'application/json') => {
  const response = await fetch(`${api.url}/organizations/${api.organizationId}${path}`, {
    method,
    headers: { 'content-type': type, 'x-api-key': api.apiKey },
    ...(body && { body: new Uint8Array(body) }),
  });
  const text = await response.text();
  const answer = (text === '' ? {} : JSON.parse(text)) as {
    code?: string;
    detail?: string;
    id: string;
    text: string;
  };
  return { ...answer, status: response.status };
};
const cafe = '{"text":"Café — naïve"}';

describe('the text of a JSON body', () => {
  it.each([
    ['UTF-8', Buffer.from(cafe), 'application/json'],
    ['UTF-8 with a charset', Buffer.from(cafe), 'application/json; charset=UTF-8'],
    ['UTF-8 with a quoted charset', Buffer.from(cafe), 'application/json;charset="utf-8"'],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${cafe}`), 'application/json'],
  ])('is accepted when it is %s', async (_, body, type) => {
    expect(await send('POST', '/posts', body, type)).toMatchObject({ status: 201, text: 'Café — naïve' });
  });
  it.each([
    ['ISO-8859-1', Buffer.from('{"text":"Café"}', 'latin1'), 'application/json'],
    [
      'ISO-8859-1 with a charset',
      Buffer.from('{"text":"Café"}', 'latin1'),
      'application/json; charset=ISO-8859-1',
    ],
    ['UTF-16', Buffer.from(cafe, 'utf16le'), 'application/json; charset=utf-16'],
    [
      'cut off within a character',
      Buffer.concat([Buffer.from('{"text":"Caf'), Buffer.from([0xc3]), Buffer.from('"}')]),
      'application/json',
    ],
    [
      'in longer forms than UTF-8 has',
      Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
      'application/json',
    ],
    [
      'half of a pair',
      Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
      'application/json',
    ],
    ['declared as windows-1252', Buffer.from('{"text":"Cafe"}'), 'application/json; charset=windows-1252'],
  ])('is refused when it is %s', async (_, body, type) => {
    const answer = await send('POST', '/posts', body, type);
    expect(answer).toMatchObject({ status: 400, code: 'malformed_json' });
    expect(answer.detail).toContain('UTF-8');
  });
});

it('an empty body with the JSON content type is accepted by routes that take no body', async () => {
  const { id } = await send('POST', '/posts', Buffer.from('{"text":"a"}'));
  expect((await send('DELETE', `/posts/${id}/schedule`, undefined)).status).toBe(200);
  expect(await send('POST', `/posts/${id}/publish`, undefined)).toMatchObject({ status: 422 });
  expect((await send('DELETE', `/posts/${id}`, undefined)).status).toBe(204);
  expect(await send('POST', '/posts', undefined)).toMatchObject({ status: 400, code: 'malformed_json' });
});
