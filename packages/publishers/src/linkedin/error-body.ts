import type { HttpResponse } from '../http.ts';
import { inShort, integerOf, isObject } from '../refusals.ts';

/** Covers both forms: the older has `message`, `serviceErrorCode`, `status`; the newer adds `code` and `errorDetails`. */
export interface ErrorBody {
  message: string;
  /** `code` and those of `inputErrors`. */
  codes: string[];
  serviceErrorCode: number | undefined;
  /** Descriptions of `inputErrors`. */
  descriptions: string[];
  /** Which fields of the request the `inputErrors` are about, such as `/commentary`. */
  fields: string[];
}

const MOST_ERRORS = 20;

/** LinkedIn's error, or undefined: JSON without any of its fields comes from a proxy. */
export function bodyOf({ json }: HttpResponse): ErrorBody | undefined {
  if (!isObject(json)) return undefined;
  const details = isObject(json['errorDetails']) ? json['errorDetails'] : {};
  const inputErrors = (Array.isArray(details['inputErrors']) ? details['inputErrors'] : [])
    .slice(0, MOST_ERRORS)
    .filter(isObject);
  const message = text(json['message']);
  const codes = [json, ...inputErrors].map(({ code }) => text(code)).filter((code) => code !== '');
  const serviceErrorCode = integerOf(json['serviceErrorCode']);
  if (message === '' && codes.length === 0 && serviceErrorCode === undefined) return undefined;
  const descriptions = inputErrors
    .map(({ description }) => text(description))
    .filter((words) => words !== '');
  return { message, codes, serviceErrorCode, descriptions, fields: inputErrors.flatMap(fieldOf) };
}

/** `{"input":{"inputPath":{"fieldPath":"/commentary"}}}` */
function fieldOf({ input }: Record<string, unknown>): string[] {
  const path = isObject(input) && isObject(input['inputPath']) ? text(input['inputPath']['fieldPath']) : '';
  return path === '' ? [] : [path];
}

export function saysOf({ message, codes, descriptions }: ErrorBody): string[] {
  return [...codes, message, ...descriptions];
}

function text(value: unknown): string {
  return typeof value === 'string' ? inShort(value) : '';
}
