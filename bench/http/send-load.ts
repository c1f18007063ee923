import { benchScript, startChild } from '../child.ts';
import type { Load, LoadResult } from './load.ts';

/** @throws when any request was refused: then the figures cannot be compared. */
export async function sendLoad(load: Load, logs: string): Promise<LoadResult> {
  const child = await startChild({
    name: 'load',
    script: benchScript('http/load'),
    env: {},
    logs,
  });
  try {
    const result = await new Promise<LoadResult>((resolve, reject) => {
      child.process.once('message', (message) => resolve(message as LoadResult));
      child.process.once('exit', () => reject(new Error('the load generator ended early')));
      child.process.send(load);
    });
    if (result.errors.length > 0) throw new Error(result.errors[0]);
    return result;
  } finally {
    await child.end('SIGTERM');
  }
}
