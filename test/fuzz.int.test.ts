import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { fuzz } from './fuzz/fuzz.ts';
import { startTestApp, type TestApp } from './support/app.ts';

// A small seed of what `npm run fuzz` sends 25,000 of.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

it('no hostile request to any operation is answered with a 5xx of ours, without an end, or as the document does not say', async () => {
  const { violations, requests, operations, statuses } = await fuzz({
    ...{ baseUrl: app.url, organizationId: app.organizationId, apiKey: app.apiKey },
    ids: app.channels.map(({ id }) => id),
    ...{ seed: 1, requests: 1_500 },
  });
  expect(violations).toEqual([]);
  expect(requests).toBe(1_500);
  expect(Object.keys(statuses)).toHaveLength(operations);
}, 300_000);
