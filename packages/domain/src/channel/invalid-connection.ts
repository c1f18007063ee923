import type { FieldError } from '@solospark/foundation';
import { DomainError } from '../errors.ts';

/** For input that the person who connects an account can correct. */
export function invalidConnection(
  pointer: string,
  code: string,
  detail: string,
  cause?: unknown,
): DomainError {
  const errors: FieldError[] = [{ pointer, code, detail }];
  return new DomainError('invalid_connection', `The account cannot be connected: ${detail}.`, {
    errors,
    cause,
  });
}
