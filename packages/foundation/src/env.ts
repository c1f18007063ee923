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

/** What is wrong, by variable name. Each text continues a sentence that begins with the name. */
export type SettingProblems = Record<string, string>;

/**
 * Reads and checks the environment. `files` are dotenv files: missing ones are skipped, an earlier one wins over a later
 * one, and the process's own environment wins over all. White space around a value is ignored, and an empty variable
 * counts as unset. `check` adds rules that a schema cannot express; it gets the values that passed the schema.
 *
 * @throws ConfigError naming every variable that is missing or malformed.
 */
export function readEnv<T extends TObject>(
  schema: T,
  env: Record<string, string | undefined>,
  files: string[] = [],
  check: (values: Partial<Static<T>>) => SettingProblems = () => ({}),
): Static<T> {
  const merged: Record<string, unknown> = {};
  for (const source of [...files.map(readEnvFile).reverse(), env]) {
    for (const name of Object.keys(schema.properties)) {
      const value = source[name]?.trim();
      if (value) merged[name] = value;
    }
  }
  const value = Value.Convert(schema, Value.Default(schema, markOtherForms(schema, merged)));
  const problems = new Map<string, string>();
  for (const error of Value.Errors(schema, value)) {
    for (const name of namesOf(error)) {
      if (!problems.has(name)) problems.set(name, sentenceOf(schema, name, error, merged[name]));
    }
  }
  const allowed = Object.entries(value as object).filter(([name]) => !problems.has(name));
  for (const [name, problem] of Object.entries(check(Object.fromEntries(allowed) as Partial<Static<T>>))) {
    problems.set(name, problem);
  }
  if (problems.size > 0) throw new ConfigError([...problems].map(([name, problem]) => `${name} ${problem}`));
  return value as Static<T>;
}

/**
 * Accepts numbers and booleans in one form only. The converter would read 50.5 as 50 and 0x10 as 16, while a shell script
 * would read neither. A value in another form is marked, so that the schema refuses it.
 */
function markOtherForms(schema: TObject, given: Record<string, unknown>): Record<string, unknown> {
  const plain = Object.entries(given).map(([name, value]) => {
    const form = FORMS[(schema.properties[name] as { type?: string }).type ?? ''];
    return [name, form && !form.test(String(value)) ? `${UNREADABLE}${String(value)}` : value];
  });
  return Object.fromEntries(plain) as Record<string, unknown>;
}

const FORMS: Readonly<Record<string, RegExp>> = { integer: /^-?\d+$/, boolean: /^(true|false)$/ };
const UNREADABLE = 'not plain: ';

type SchemaError = ReturnType<typeof Value.Errors>[number];

function namesOf(error: SchemaError): string[] {
  if (error.keyword === 'required') return error.params.requiredProperties;
  return [error.instancePath.split('/')[1] ?? '(root)'];
}

function sentenceOf(schema: TObject, name: string, error: SchemaError, given: unknown): string {
  // Docker's --env-file and some dashboards keep the quotation marks that a shell would remove.
  if (typeof given === 'string' && /^(["']).*\1$/.test(given))
    return 'has quotation marks around it: leave them out';
  const description = (schema.properties[name] as { description?: string } | undefined)?.description;
  const rule = ruleOf(error);
  return description === undefined ? rule : `${rule} (${description})`;
}

/** The validator's message, except where it would mention types or regular expressions. */
function ruleOf(error: SchemaError): string {
  switch (error.keyword) {
    case 'required':
      return 'is not set';
    case 'boolean':
      return 'must be true or false';
    case 'type':
      if (error.params.type === 'boolean') return 'must be true or false';
      return error.params.type === 'integer' ? 'must be a whole number' : error.message;
    case 'pattern':
      return 'has not the form that it must have';
    default:
      return error.message;
  }
}

function readEnvFile(path: string): Record<string, string | undefined> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
}
