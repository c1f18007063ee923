import { pino, stdSerializers, type DestinationStream, type LogFn, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

/**
 * The logger of every process. Messages are constant, facts are fields, errors go under `err`. It writes JSON, or readable
 * lines at a terminal. The redacted paths are only a second line of defence: never pass tokens or post text to a logger.
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
  // Left unbound: a child inherits this method and is its `this`, so a grandchild gets the child's fields and serializers.
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
    // A process that exits at once has still written why.
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
  });
}

// pino writes the fields of a logger, of its children and of a line one after the other, and does not drop duplicate names.
// A line with a duplicate key is valid JSON, but readers disagree about which value counts.

function logEachKeyOnce(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [fields] = args as unknown[];
  if (typeof fields === 'object' && fields !== null && !(fields instanceof Error)) {
    (args as unknown[])[0] = withoutBound(this, fields);
  }
  method.apply(this, args);
}

/** pino's own fields, in every line. */
const RESERVED = ['level', 'time', 'pid', 'hostname', 'msg'];
const boundOf = new WeakMap<Logger, Map<string, unknown>>();

/** Drops fields that the logger writes in each line anyway. A different value under such a name is kept as `<name>_`. */
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

/** pino's serializer with a length limit: a message may contain a whole SQL statement, or input. An outage has no stack. */
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

/** Error codes of the system and of PostgreSQL for a host, port, file or server that is not available: no bug of ours. */
function isOutage(error: unknown): boolean {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isOutage);
  return typeof code === 'string' && /^(E[A-Z]{3,}|08\w{3}|28\w{3}|3D000|57P0\d|53\d{3})$/.test(code);
}
