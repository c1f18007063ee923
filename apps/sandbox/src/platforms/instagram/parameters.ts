import type { FastifyRequest } from 'fastify';
import { bearerTokenOf } from '../accounts.ts';

export type GraphParameters = Partial<Record<string, string>>;

/** The Graph API takes parameters from the query, a form or a JSON body, and ignores unknown ones. */
export function parametersOf(request: FastifyRequest): GraphParameters {
  const body = typeof request.body === 'object' ? request.body : {};
  const merged = Object.entries({ ...(request.query as object), ...body });
  return Object.fromEntries(merged.map(([name, value]) => [name, String(value)]));
}

/** The token may come in the header, or as a parameter. */
export const tokenOf = (request: FastifyRequest) =>
  bearerTokenOf(request) ?? parametersOf(request)['access_token'];

/**
 * The object with the fields in `fields`, and always its id.
 * @returns for an unknown field, the name of that field instead
 */
export function pickFields(
  object: Record<string, unknown> & { id: string },
  fields: string | undefined,
  known: readonly string[],
): { picked: Record<string, unknown> } | { unknown: string } {
  const wanted = fields?.split(',').map((field) => field.trim()) ?? [];
  const unknown = wanted.find((field) => !known.includes(field));
  if (unknown !== undefined) return { unknown };
  const picked: Record<string, unknown> = {};
  for (const field of wanted) if (object[field] !== undefined) picked[field] = object[field];
  return { picked: { ...picked, id: object.id } };
}
