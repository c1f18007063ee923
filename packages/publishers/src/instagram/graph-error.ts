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
  /** 0: none was given. */
  subcode: number;
  /** Meta's own flag; not reliable where the code is known. */
  isTransient: boolean;
  words: string[];
}

/** Undefined if the body is not an error of the Graph API. */
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
