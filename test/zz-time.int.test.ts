import { it } from '@jest/globals';
import { Session } from 'node:inspector/promises';
import { writeFileSync } from 'node:fs';
import { startTestApp } from './support/app.ts';
it('times', async () => {
  for (const name of ['first', 'later']) {
    if (name === 'later') for (let i = 0; i < 2; i += 1) await (await startTestApp()).close();
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    const apps = [];
    for (let i = 0; i < (name === 'first' ? 1 : 4); i += 1) apps.push(await startTestApp());
    const { profile } = await session.post('Profiler.stop');
    writeFileSync(`/tmp/prof-${name}.json`, JSON.stringify(profile));
    for (const app of apps) await app.close();
  }
});
