import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { claimDeliveries } from '../src/delivery/claim.repository.ts';
import { firePostNow } from '../src/firing/firing.repository.ts';
import { publishDelivery } from '../src/delivery/publish-delivery.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

it('a public call whose connection is refused was not sent: it is tried again without a look-up', async () => {
  const post = (await app.request('POST', '/posts', { text: 'To nobody', platforms: ['linkedin'] })).body;
  await firePostNow(app.ctx.db, post);
  const request = { platform: 'linkedin', limit: 1, perChannel: 1, except: [], trigger: 'job' } as const;
  const [claim] = await claimDeliveries(app.ctx.db, request, 'test');
  const linkedin = app.ctx.findPublisher('linkedin')!;
  let lookUps = 0;
  await publishDelivery(
    {
      ...app.ctx,
      settings: { ...app.ctx.settings, sandboxUrl: await closedAddress() },
      findPublisher: () => ({
        ...linkedin,
        prepare: () => Promise.resolve({ outcome: 'ready' }),
        lookUp(call) {
          lookUps += 1;
          return linkedin.lookUp(call);
        },
      }),
    },
    claim!,
    { signal: new AbortController().signal },
  );

  expect(lookUps).toBe(0);
  const [row] = await app.ctx.db.query(
    'SELECT status, sending_at, attempts_used, failure_kind, failure_actor FROM delivery WHERE id = $1',
    [claim!.id],
  );
  expect(row).toEqual({
    status: 'pending',
    sending_at: null,
    attempts_used: 1,
    failure_kind: 'unavailable',
    failure_actor: 'platform',
  });
});

/** A local address at which nothing listens any more. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
