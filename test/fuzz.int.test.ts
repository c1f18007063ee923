import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { fuzz } from './fuzz/fuzz.ts';
import { startTestApp, type TestApp } from './support/app.ts';

// Sends 1,500 of the hostile requests; `npm run fuzz` sends 25,000.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

it('every operation answers every hostile request, as the OpenAPI document says and without an internal error', async () => {
  const { violations, requests, operations, statuses } = await fuzz({
    ...{ baseUrl: app.url, organizationId: app.organizationId, apiKey: app.apiKey },
    ids: app.channels.map(({ id }) => id),
    ...{ seed: 1, requests: 1_500 },
  });
  expect(violations).toEqual([]);
  expect(requests).toBe(1_500);
  expect(Object.keys(statuses)).toHaveLength(operations);
}, 300_000);
