import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../src/index.ts';

const keysOf = (line: string) => [...line.matchAll(/"(\w+)":/g)].map(([, key]) => key);

function recordingLogger() {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
  return { log, lines };
}

describe('a log line', () => {
  it('has no duplicate key, whether a field, a child, a grandchild or pino itself repeats it', () => {
    const { log, lines } = recordingLogger();
    const worker = log.child({ worker: 'w1' });
    const child = worker.child({ worker: 'w1', platform: 'x' });
    log.info({ pid: process.pid, name: 'test', msg: 'mine', level: 7, time: 1 }, 'starting');
    worker.info({ worker: 'w1', extra: 1 }, 'started');
    child.info({ platform: 'x', worker: 'w1' }, 'at work');
    child.child({ platform: 'linkedin' }).info({ worker: 'w2' }, 'elsewhere');
    child.warn(new Error('bad'));
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      const keys = keysOf(line).filter((key) => !['type', 'message', 'stack'].includes(key ?? ''));
      expect(keys).toEqual([...new Set(keys)]);
    }
  });

  it('keeps a value that differs from the one of its logger, under a name with an underscore', () => {
    const { log, lines } = recordingLogger();
    log.child({ platform: 'x' }).info({ platform: 'linkedin' }, 'differs');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      platform: 'x',
      platform_: 'linkedin',
      msg: 'differs',
    });
  });

  it('has the fields and the serializers of all parent loggers', () => {
    const { log, lines } = recordingLogger();
    const api = log.child({ room: 'api' }, { serializers: { req: () => 'described' } });
    const request = api.child({ reqId: 'r1' });
    request.child({ step: 1 }).info({ req: { headers: { 'x-api-key': 'secret' } } }, 'incoming');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ room: 'api', reqId: 'r1', step: 1, req: 'described' });
  });

  it('about a server that is away has message and code, but no stack; one about a bug has a stack', () => {
    const { log, lines } = recordingLogger();
    log.warn({ err: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) }, 'away');
    log.warn({ err: new TypeError('not a function') }, 'fault');
    const [away, fault] = lines.map((line) => (JSON.parse(line) as { err: object }).err);
    expect(away).toMatchObject({ message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' });
    expect(away).not.toHaveProperty('stack');
    expect(fault).toHaveProperty('stack');
  });
});
