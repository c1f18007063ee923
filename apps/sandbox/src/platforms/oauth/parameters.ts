import type { FastifyRequest } from 'fastify';

export type Parameters = Partial<Record<string, string>>;

/** The parameters of a form, urlencoded or multipart; none for other content types. */
export function formOf({ body, headers }: FastifyRequest): Parameters {
  if (!/^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(headers['content-type'] ?? '')) {
    return {};
  }
  return Buffer.isBuffer(body) ? Object.fromEntries(new URLSearchParams(body.toString())) : stringsOf(body);
}

/** The same, also from JSON, which OAuth does not define. */
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
