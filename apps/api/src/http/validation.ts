import { Ajv, type Options } from 'ajv';
import { parseInstant } from '@solospark/foundation';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { lowerIds } from './lower-ids.ts';
import { sizesOf } from './sizes.ts';

/** `verbose`: an error says what it was that did not fit. */
const options: Options = { removeAdditional: false, useDefaults: true, verbose: true };

/**
 * Bodies are taken literally: a number is not a string, and a field that nobody documented is an error, not noise.
 * Query, path and headers arrive as text, so there "20" may be a number.
 *
 * Sizes come first, and end at the first that is wrong: of what is too large, nothing else is looked at. What is left is so
 * small that all that is wrong with it can be told at once.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  const sizes = new Ajv({ ...options, useDefaults: false, strict: false, allErrors: false });
  const strict = withFormats(new Ajv({ ...options, allErrors: true, coerceTypes: false }));
  const coercing = withFormats(new Ajv({ ...options, allErrors: true, coerceTypes: 'array' }));
  return ({ schema, httpPart }) => {
    const sizesFit = sizes.compile(sizesOf(schema as unknown as Record<string, unknown>));
    const fits = (httpPart === 'body' ? strict : coercing).compile(schema);
    const inOurSpelling = (value: unknown) => lowerIds(schema as unknown as Record<string, unknown>, value);
    // As Ajv's own: it answers whether the value fits, and keeps what does not.
    const validate: ReturnType<FastifySchemaCompiler<TSchema>> & { errors?: unknown } = (value: unknown) => {
      const refused = [sizesFit, fits].find((check) => !check(check === fits ? inOurSpelling(value) : value));
      validate.errors = refused?.errors ?? null;
      return refused === undefined;
    };
    return validate;
  };
}

function withFormats(ajv: Ajv): Ajv {
  ajv.addFormat('date-time', (text: string) => parseInstant(text) instanceof Date);
  return ajv;
}
