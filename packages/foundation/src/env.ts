import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Static, TObject } from 'typebox';
import { Value } from 'typebox/value';

/** Bad configuration. Its message names every bad variable, and never shows a value (it may be a secret). */
export class ConfigError extends Error {
  constructor(problems: string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads and checks the environment. `files` are dotenv files, read where they exist, earlier ones first; the process's
 * own environment wins over all of them, and an empty variable counts as unset.
 *
 * @throws ConfigError naming every variable that is missing or malformed.
 */
export function readEnv<T extends TObject>(
  schema: T,
  env: Record<string, string | undefined>,
  files: string[] = [],
): Static<T> {
  const merged: Record<string, unknown> = {};
  for (const source of [...files.map(readEnvFile).reverse(), env]) {
    for (const name of Object.keys(schema.properties)) {
      if (source[name] !== undefined && source[name] !== '') merged[name] = source[name];
    }
  }
  const value = Value.Convert(schema, Value.Default(schema, merged));
  const problems = new Map<string, string>();
  for (const error of Value.Errors(schema, value)) {
    for (const name of namesOf(error)) {
      if (!problems.has(name)) problems.set(name, `${name} ${sentenceOf(schema, name, error)}`);
    }
  }
  if (problems.size > 0) throw new ConfigError([...problems.values()]);
  return value as Static<T>;
}

type SchemaError = ReturnType<typeof Value.Errors>[number];

function namesOf(error: SchemaError): string[] {
  if (error.keyword === 'required') return error.params.requiredProperties;
  return [error.instancePath.split('/')[1] ?? '(root)'];
}

function sentenceOf(schema: TObject, name: string, error: SchemaError): string {
  const description = (schema.properties[name] as { description?: string } | undefined)?.description;
  const rule = error.keyword === 'required' ? 'is not set' : error.message;
  return description === undefined ? rule : `${rule} (${description})`;
}

function readEnvFile(path: string): Record<string, string | undefined> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
}
