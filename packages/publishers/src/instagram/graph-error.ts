import { Type } from 'typebox';
import { decode } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { inShort, integerOf } from '../refusals.ts';

/** Every error of the Graph API is HTTP 400, throttling included: only `code` and `error_subcode` tell them apart. */
const GraphErrorBody = Type.Object({
  error: Type.Object({
    code: Type.Union([Type.Number(), Type.String()]),
    error_subcode: Type.Optional(Type.Unknown()),
    is_transient: Type.Optional(Type.Unknown()),
    message: Type.Optional(Type.Unknown()),
    error_user_title: Type.Optional(Type.Unknown()),
    error_user_msg: Type.Optional(Type.Unknown()),
  }),
});

export interface GraphError {
  code: number;
  /** 0: none was told. */
  subcode: number;
  /** What Meta says of itself; it is not to be relied on where a code is known. */
  isTransient: boolean;
  words: string[];
}

/** Undefined for what is not the Graph API's. */
export function graphErrorOf(response: HttpResponse): GraphError | undefined {
  const error = decode(GraphErrorBody, response)?.error;
  const code = integerOf(error?.code);
  if (!error || code === undefined) return undefined;
  const words = [error.message, error.error_user_title, error.error_user_msg];
  return {
    code,
    subcode: integerOf(error.error_subcode) ?? 0,
    isTransient: error.is_transient === true,
    words: words.filter((said) => typeof said === 'string').map(inShort),
  };
}
