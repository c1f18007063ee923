import { Ajv, type Options } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

const options: Options = { allErrors: true, removeAdditional: false, useDefaults: true };

/**
 * Bodies are taken literally: a number is not a string, and a field that nobody documented is an error, not noise.
 * Query, path and headers arrive as text, so there "20" may be a number.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  const strict = withFormats(new Ajv({ ...options, coerceTypes: false }));
  const coercing = withFormats(new Ajv({ ...options, coerceTypes: 'array' }));
  return ({ schema, httpPart }) => (httpPart === 'body' ? strict : coercing).compile(schema);
}

function withFormats(ajv: Ajv): Ajv {
  addFormats.default(ajv, ['date-time']);
  return ajv;
}
