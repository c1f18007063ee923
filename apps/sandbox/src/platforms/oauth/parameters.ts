import type { FastifyRequest } from 'fastify';

export type Parameters = Partial<Record<string, string>>;

/** What came as a form, with or without files, however the platform reads bodies. Other content is no form. */
export function formOf({ body, headers }: FastifyRequest): Parameters {
  if (!/^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(headers['content-type'] ?? '')) {
    return {};
  }
  return Buffer.isBuffer(body) ? Object.fromEntries(new URLSearchParams(body.toString())) : stringsOf(body);
}

/** The same from JSON, which OAuth does not know. */
export const formOrJsonOf = (request: FastifyRequest): Parameters =>
  /^application\/json\b/i.test(request.headers['content-type'] ?? '')
    ? stringsOf(request.body)
    : formOf(request);

/** A parameter that is repeated counts as absent: OAuth forbids it. */
export const queryOf = (request: FastifyRequest): Parameters => stringsOf(request.query);

function stringsOf(values: unknown): Parameters {
  return Object.fromEntries(
    Object.entries((values ?? {}) as Record<string, unknown>).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
