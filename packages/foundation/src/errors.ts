import type { TextPart } from './text-part.ts';

/** One rule that a piece of input broke. `pointer` is an RFC 6901 JSON pointer into the request body. */
export interface FieldError {
  pointer: string;
  code: string;
  detail: string;
  /** Where `pointer` leads to a text, and the rule is about a part of it. */
  at?: TextPart;
}

/** A name as part of a JSON pointer (RFC 6901). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * The caller is wrong, and this says how. `message` is a sentence that is safe to show to anyone; what is not goes
 * into `cause`. Codes are stable: clients switch on them. apps/api turns a code into an HTTP status.
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

/** The end of a switch over a closed union: a member that was forgotten is a type error here. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}

/** The sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
