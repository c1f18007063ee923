import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** A violated rule of a schema. `field` is a dotted path, or empty for the value itself. */
export interface Problem {
  field: string;
  rule: string;
  kind: 'missing' | 'unknown' | 'invalid';
}

/** The first violated rule, in words for a person; undefined when the value is valid. */
export function findProblem(schema: TSchema, value: unknown): Problem | undefined {
  if (Value.Check(schema, value)) return undefined;
  const error = Value.Errors(schema, value)[0];
  if (!error) return { field: '', rule: 'is not valid', kind: 'invalid' };
  const path = error.instancePath.split('/').slice(1);
  if (error.keyword === 'required') {
    const missing = [...path, error.params.requiredProperties[0]];
    return { field: missing.join('.'), rule: 'is required', kind: 'missing' };
  }
  const field = path.join('.');
  if (error.keyword === 'boolean') return { field, rule: 'is not a known field', kind: 'unknown' };
  if (error.keyword === 'enum') {
    return { field, rule: `must be one of ${error.params.allowedValues.join(', ')}`, kind: 'invalid' };
  }
  return { field, rule: error.message, kind: 'invalid' };
}
