import { pino, stdSerializers, type DestinationStream, type LogFn, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

/**
 * The one logger. Messages are constant, facts are fields. Errors are logged under `err`. It writes JSON, and at a terminal lines
 * for people. The paths below are a net, not the rule: the rule is that tokens and post text are never passed to a logger.
 */
export function createLogger(
  options: { name: string; level: string },
  destination?: DestinationStream,
): Logger {
  const logger = pino(
    {
      name: options.name,
      level: options.level,
      serializers: { err: describeError },
      hooks: { logMethod: logEachKeyOnce },
      redact: {
        paths: [
          'req.headers.authorization',
          'req.headers.cookie',
          'req.headers["x-api-key"]',
          '*.accessToken',
          '*.credentials',
          '*.text',
        ],
        censor: '[redacted]',
      },
    },
    destination ?? standardOutput(),
  );
  // Not bound: each child inherits it, and is `this`, with its own fields and serializers, when it has a child of its own.
  const child: Logger['child'] = Reflect.get(logger, 'child');
  Object.assign(logger, {
    child(this: Logger, bindings: object, childOptions?: object) {
      return child.call(this, withoutBound(this, bindings), childOptions);
    },
  });
  return logger;
}

function standardOutput(): DestinationStream {
  if (!process.stdout.isTTY) return pino.destination({ sync: false });
  return pretty({
    // A process that ends at once has nevertheless said why.
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
  });
}

// pino writes the fields of a logger, those of its children and those of a line one after the other, also where a name comes twice.
// Such a line is JSON by the letter, and each reader takes another one of the two.

function logEachKeyOnce(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [fields] = args as unknown[];
  if (typeof fields === 'object' && fields !== null && !(fields instanceof Error)) {
    (args as unknown[])[0] = withoutBound(this, fields);
  }
  method.apply(this, args);
}

/** pino's own, in every line. */
const RESERVED = ['level', 'time', 'pid', 'hostname', 'msg'];
const boundOf = new WeakMap<Logger, Map<string, unknown>>();

/** What the logger says in each line anyway is left out; another value under such a name gets a name of its own. */
function withoutBound(logger: Logger, fields: object): object {
  const bound = boundFields(logger);
  if (!Object.keys(fields).some((name) => bound.has(name))) return fields;
  const own = Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
    if (!bound.has(name)) return [[name, value]];
    return JSON.stringify(bound.get(name)) === JSON.stringify(value) ? [] : [[`${name}_`, value]];
  });
  return Object.fromEntries(own) as object;
}

function boundFields(logger: Logger): Map<string, unknown> {
  const known = boundOf.get(logger);
  if (known) return known;
  const bound = new Map<string, unknown>(RESERVED.map((name) => [name, undefined]));
  bound.set('pid', process.pid);
  for (const [name, value] of Object.entries(logger.bindings())) bound.set(name, value);
  boundOf.set(logger, bound);
  return bound;
}

const LONGEST_MESSAGE = 2_000;
const LONGEST_STACK = 8_000;

/** As pino does, but no longer than somebody would read: a message may carry a whole statement, or what a caller has sent. */
function describeError(error: Error): unknown {
  const described: unknown = stdSerializers.err(error);
  if (typeof described !== 'object' || described === null) return described;
  const fields = Object.entries(described).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'stack' && isOutage(error)) return [];
    if (typeof value !== 'string') return [[name, value]];
    const longest = name === 'stack' ? LONGEST_STACK : LONGEST_MESSAGE;
    return [[name, value.length > longest ? `${value.slice(0, longest)}…` : value]];
  });
  return Object.fromEntries(fields);
}

/** The system's names for a host, a port or a file that is not there, and PostgreSQL's for a connection: no code of ours is to blame. */
function isOutage(error: unknown): boolean {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isOutage);
  return typeof code === 'string' && /^(E[A-Z]{3,}|08\w{3}|28\w{3}|3D000|57P0\d|53\d{3})$/.test(code);
}
