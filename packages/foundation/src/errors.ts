import type { TextPart } from './text-part.ts';

/** One rule that a piece of input broke. `pointer` is an RFC 6901 JSON pointer into the request body. */
export interface FieldError {
  pointer: string;
  code: string;
  detail: string;
  /** The part that broke the rule, when `pointer` leads to a text. */
  at?: TextPart;
}

/** A name as part of a JSON pointer (RFC 6901). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * An error in what the caller asked for. `message` is safe to show to anyone; details that are not go into `cause`. Codes
 * are stable: clients switch on them. apps/api maps a code to an HTTP status.
 */
export class AppError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly errors: FieldError[];

  constructor(code: Code, message: string, options: { errors?: FieldError[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.errors = options.errors ?? [];
  }
}

/** The default branch of a switch over a closed union: a missing member is a type error here. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
