import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseKeyring, SealError } from '@solospark/foundation';
import { randomBytes } from 'node:crypto';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { openBrowser } from '../../../test/support/browser.ts';
import { unsealCredentials, type SealedChannel } from '../src/channel/channel.ts';
import { rotateKeys } from '../src/connection/rotate-keys.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const newKeyOf = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const start = async (platform: string) => {
  const answer = await app.request('POST', '/connections', { platform, sandbox: true });
  expect(answer.status).toBe(201);
  return answer.body as { id: string; url: string };
};
const rows = () =>
  app.ctx.db.query<SealedChannel>(
    `SELECT id, organization_id AS "organizationId", sealed_credentials AS "sealedCredentials",
            credentials_version AS "credentialsVersion" FROM channel ORDER BY id`,
  );

/** The sealed columns of the database, recognised by their names, and the keys of their values. */
const keysOfColumns = async () => {
  const columns = await app.ctx.db.query<{ table: string; column: string }>(
    `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
     WHERE table_schema = current_schema() AND column_name LIKE 'sealed\\_%' ORDER BY 1, 2`,
  );
  const found: Record<string, string[]> = {};
  for (const { table, column } of columns) {
    const sealed = await app.ctx.db.query<{ keyId: string }>(
      `SELECT DISTINCT split_part("${column}", '.', 2) AS "keyId" FROM "${table}" WHERE "${column}" <> '' ORDER BY 1`,
    );
    found[`${table}.${column}`] = sealed.map(({ keyId }) => keyId);
  }
  return found;
};

describe('rotating the keys', () => {
  it('leaves no value under the old key in any sealed column of the database', async () => {
    const { settings } = app.ctx;
    const waiting = await start('mastodon');
    // A connection that is over, sealed with a key that is gone by now: it must not stop the rotation.
    const over = await start('x');
    const lost = `v1.lost.${randomBytes(40).toString('base64url')}`;
    await app.ctx.db.query(
      `UPDATE connection SET sealed_verifier = $2, failure_reason = 'no' WHERE id = $1`,
      [over.id, lost],
    );
    const before = await keysOfColumns();
    expect(Object.keys(before).length).toBeGreaterThanOrEqual(3);
    // A column without a value would prove nothing: for a new column, add a row above.
    for (const [column, keys] of Object.entries(before))
      expect([column, keys]).toEqual([column, expect.arrayContaining(['test'])]);

    const newKey = newKeyOf('new');
    settings.keyring = parseKeyring(`${newKey},${app.sealingKeys}`);
    const channels = (await rows()).length;
    expect(await rotateKeys(app.ctx)).toEqual({ channels, apps: 1, connections: 1 });
    expect(await rotateKeys(app.ctx)).toEqual({ channels: 0, apps: 0, connections: 0 });
    const after = await keysOfColumns();
    for (const [column, keys] of Object.entries(after)) expect([column, keys]).toEqual([column, ['new']]);

    // An author who was at the platform meanwhile comes back, when only the new key is configured.
    settings.keyring = parseKeyring(newKey);
    const browser = openBrowser();
    const consent = await browser.submit(await browser.open(waiting.url), {});
    expect((await browser.submit(consent, { handle: 'grace' })).text).toContain('is connected');
    settings.keyring = parseKeyring(`${app.sealingKeys},${newKey}`);
    await rotateKeys(app.ctx);
  });

  it('seals everything again with the first key, changes nothing else, and needs the old key no longer', async () => {
    const { settings } = app.ctx;
    const before = await rows();
    const plain = before.map((row) => unsealCredentials(settings.keyring, row));
    const newKey = newKeyOf('newer');
    settings.keyring = parseKeyring(`${newKey},${app.sealingKeys}`);

    expect(await rotateKeys(app.ctx)).toEqual({ channels: before.length, apps: 1, connections: 0 });

    settings.keyring = parseKeyring(newKey);
    const after = await rows();
    expect(after.map((row) => unsealCredentials(settings.keyring, row))).toEqual(plain);
    expect(after.map(({ credentialsVersion }) => credentialsVersion)).toEqual(
      before.map(({ credentialsVersion }) => credentialsVersion),
    );
    // The app that was registered is still known: nothing is registered a second time.
    await start('mastodon');
    const apps = await app.ctx.db.query(`SELECT FROM platform_app`);
    expect(apps).toHaveLength(1);

    settings.keyring = parseKeyring(newKeyOf('other'));
    await expect(rotateKeys(app.ctx)).rejects.toThrow(SealError);
    expect(await rows()).toEqual(after);
  });
});
