/**
 * The queue could not be reached within the deadline, or refused the write. The outcome is unknown: a job may have been
 * added all the same, which is harmless, since ids are unique and a stale alarm is a no-op. `message` is safe to show;
 * `reason` is the engine's own message and never contains the URL or its password.
 */
export class QueueUnavailableError extends Error {
  readonly code = 'queue_unavailable';
  readonly reason: string;

  constructor(operation: string, cause: unknown) {
    super(`The queue is not available (${operation}).`);
    this.name = 'QueueUnavailableError';
    this.reason = reasonOf(cause);
  }
}

/** Thrown by a handler to keep its job as a failed one, on purpose. People read its message there. */
export class KeptAsFailedError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'KeptAsFailedError';
    // A stack would only point to our own code.
    this.stack = reason;
  }
}

/**
 * Message and code of a driver's error. The error itself is never logged: ioredis attaches the command with its arguments,
 * and the argument of AUTH is the password.
 */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(reasonOf).join('; ');
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as { code?: unknown }).code;
  const sentence = cause.message || cause.name;
  return typeof code === 'string' && !sentence.includes(code) ? `${code}: ${sentence}` : sentence;
}
