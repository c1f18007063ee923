import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/**
 * The one logger. Messages are constant, facts are fields. Errors are logged under `err`.
 * The paths below are a net, not the rule: the rule is that tokens and post text are never passed to a logger.
 */
export function createLogger(
  options: { name: string; level: string },
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      serializers: { err: describeError },
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
    destination ?? pino.destination({ sync: false }),
  );
}

const LONGEST_MESSAGE = 2_000;
const LONGEST_STACK = 8_000;

/** As pino does, but no longer than somebody would read: a message may carry a whole statement, or what a caller has sent. */
function describeError(error: Error): unknown {
  const described: unknown = stdSerializers.err(error);
  if (typeof described !== 'object' || described === null) return described;
  const fields = Object.entries(described).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'string') return [name, value];
    const longest = name === 'stack' ? LONGEST_STACK : LONGEST_MESSAGE;
    return [name, value.length > longest ? `${value.slice(0, longest)}…` : value];
  });
  return Object.fromEntries(fields);
}
