import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parseKeyring, SealError } from '@solospark/foundation';
import { randomBytes } from 'node:crypto';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { unsealCredentials, type SealedChannel } from '../src/channel/channel.ts';
import { rotateKeys } from '../src/channel/rotate-keys.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const rows = () =>
  app.ctx.db.query<SealedChannel>(
    `SELECT id, organization_id AS "organizationId", sealed_credentials AS "sealedCredentials",
            credentials_version AS "credentialsVersion" FROM channel ORDER BY id`,
  );

it('seals everything anew under the first key, changes nothing else, and needs the old one no more', async () => {
  expect((await app.request('POST', '/connections', { platform: 'mastodon', sandbox: true })).status).toBe(
    201,
  );
  const { settings } = app.ctx;
  const before = await rows();
  const plain = before.map((row) => unsealCredentials(settings.keyring, row));
  const newKey = `new:${randomBytes(32).toString('base64')}`;
  settings.keyring = parseKeyring(`${newKey},${app.sealingKeys}`);

  expect(await rotateKeys(app.ctx)).toEqual({ channels: before.length, apps: 1 });
  expect(await rotateKeys(app.ctx)).toEqual({ channels: 0, apps: 0 });

  settings.keyring = parseKeyring(newKey);
  const after = await rows();
  expect(after.map((row) => unsealCredentials(settings.keyring, row))).toEqual(plain);
  expect(after.map(({ credentialsVersion }) => credentialsVersion)).toEqual(
    before.map(({ credentialsVersion }) => credentialsVersion),
  );
  // The app that was registered is still known: nothing is registered a second time.
  expect((await app.request('POST', '/connections', { platform: 'mastodon', sandbox: true })).status).toBe(
    201,
  );
  const apps = await app.ctx.db.query(`SELECT FROM platform_app`);
  expect(apps).toHaveLength(1);

  settings.keyring = parseKeyring(`other:${randomBytes(32).toString('base64')}`);
  await expect(rotateKeys(app.ctx)).rejects.toThrow(SealError);
  expect(await rows()).toEqual(after);
});
