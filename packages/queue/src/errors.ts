/**
 * The queue could not be reached, or refused the write, within the deadline. The outcome is unknown: a job may have
 * been added all the same, which is harmless, since ids are unique and a stale alarm is a no-op. `message` is safe
 * to show; `reason` is the engine's own sentence and never holds the URL or its password.
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

/** Thrown by a handler whose job is to be kept among the failed ones, as it should be. Its message is what people read there. */
export class KeptAsFailedError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'KeptAsFailedError';
    // There is nothing to be found in our own code.
    this.stack = reason;
  }
}

/**
 * What may be logged of a driver's error: its sentence and code. The object itself is never logged, since ioredis
 * hangs the command with its arguments on it, and the arguments of AUTH are the password.
 */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(reasonOf).join('; ');
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as { code?: unknown }).code;
  const sentence = cause.message || cause.name;
  return typeof code === 'string' && !sentence.includes(code) ? `${code}: ${sentence}` : sentence;
}
