import type { HttpResponse } from '../http.ts';
import { inShort, isObject } from '../refusals.ts';

/** X's error, read from `application/problem+json`, from the older form, or from a mixture of both. */
export interface Problem {
  codes: number[];
  type: string;
  /** Sentences; `detail` and messages come first. */
  words: string[];
}

const MOST_ERRORS = 20;

/** Undefined if the body is not X's: a proxy's page, or JSON without X's fields. */
export function problemOf({ json }: HttpResponse): Problem | undefined {
  if (!isObject(json)) return undefined;
  const errors = (Array.isArray(json['errors']) ? json['errors'] : []).slice(0, MOST_ERRORS).filter(isObject);
  const said = [json, ...errors];
  const words = ['detail', 'message', 'title', 'reason'].flatMap((name) =>
    said.flatMap((part) => (typeof part[name] === 'string' ? [inShort(part[name])] : [])),
  );
  const codes = said.flatMap(({ code }) =>
    Number.isInteger(Number(code ?? Number.NaN)) ? [Number(code)] : [],
  );
  const type = said
    .map((part) => part['type'])
    .find((told) => typeof told === 'string' && told !== 'about:blank');
  if (words.length === 0 && codes.length === 0 && type === undefined) return undefined;
  return { codes, type: typeof type === 'string' ? inShort(type) : '', words };
}
