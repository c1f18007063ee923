import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { parseInstant } from '@solospark/foundation';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { lowerIds } from './lower-ids.ts';
import { sizesOf } from './sizes.ts';

/** `verbose`: an error carries the value that did not fit. */
const options: Options = { removeAdditional: false, useDefaults: true, verbose: true };

/**
 * Bodies are validated without coercion: a number is not a string, and an undocumented field is an error. Query, path and
 * headers arrive as text, so there "20" is converted to a number where the schema wants one.
 *
 * Sizes are checked first, and the check stops at the first violation. The rest is then small enough to report all its
 * errors at once.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  const sizes = new Ajv({ ...options, useDefaults: false, strict: false, allErrors: false });
  const strict = withFormats(new Ajv({ ...options, allErrors: true, coerceTypes: false }));
  const coercing = withFormats(new Ajv({ ...options, allErrors: true, coerceTypes: 'array' }));
  return ({ schema, httpPart }) => {
    // With the first request, as the serializers: see lazy-serializer.ts.
    let checks: { sizesFit: ValidateFunction; fits: ValidateFunction } | undefined;
    const compile = () => ({
      sizesFit: sizes.compile(sizesOf(schema as unknown as Record<string, unknown>)),
      fits: (httpPart === 'body' ? strict : coercing).compile(schema),
    });
    const inOurSpelling = (value: unknown) => lowerIds(schema as unknown as Record<string, unknown>, value);
    // The interface of Ajv's validators: returns whether the value fits, and keeps the errors.
    const validate: ReturnType<FastifySchemaCompiler<TSchema>> & { errors?: unknown } = (value: unknown) => {
      const { sizesFit, fits } = (checks ??= compile());
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
