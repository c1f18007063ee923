#!/usr/bin/env node
// Replaces Prisma's native schema engine where it cannot be downloaded. The Prisma CLI starts this file through
// PRISMA_SCHEMA_ENGINE_BINARY (prisma.mjs sets it) and talks JSON-RPC over stdio. The official WebAssembly build of the same
// engine answers. docs/adr says why. Not supported: a `?schema=` other than public.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { createAdapterFactory, parseUrl, runOnce } from './schema-engine-adapter.mjs';

/** @typedef {Record<string, (params: unknown) => Promise<unknown>>} Engine */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  // Later versions of the CLI may add options; an unknown one must not stop a migration.
  strict: false,
  options: {
    datasource: { type: 'string' },
    datamodels: { type: 'string', short: 'd', multiple: true },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
    version: { type: 'boolean' },
  },
});
/** @type {string | undefined} */
const url = typeof values.datasource === 'string' ? JSON.parse(values.datasource).url : undefined;

if (values.version) {
  console.log(`schema-engine-wasm ${(await loadEngine()).version()}`);
} else if (positionals[0] === 'cli') {
  process.exitCode = await runCommand(positionals[1] ?? '');
} else {
  await serve();
}

/**
 * `cli can-connect-to-database | create-database | drop-database`: answers with the exit code and one log line.
 *
 * @param {string} command
 * @returns {Promise<number>}
 */
async function runCommand(command) {
  // The CLI skips the first line of the log.
  log('INFO', { message: 'Starting schema engine CLI' });
  if (url === undefined) return fail('P1012', 'no connection string was given');
  const { connection } = parseUrl(url);
  const name = connection.database ?? '';
  const server = { ...connection, database: 'postgres' };
  try {
    if (command === 'can-connect-to-database') await runOnce(connection, 'SELECT 1');
    else if (command === 'create-database')
      await runOnce(server, `CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    else if (command === 'drop-database')
      await runOnce(server, `DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`);
    else return fail('P1012', `unknown command: ${command}`);
    log('INFO', { message: 'done' });
    return 0;
  } catch (error) {
    const { code, message } = /** @type {Error & { code?: string }} */ (error);
    if (code === '3D000') return fail('P1003', `Database \`${name}\` does not exist`);
    if (code === '42P04') return fail('P1009', `Database \`${name}\` already exists`);
    if (code === '28P01' || code === '28000') return fail('P1000', 'Authentication failed');
    return fail(
      'P1001',
      `Can't reach database server at \`${connection.host}:${connection.port}\`: ${message}`,
    );
  }
}

async function loadEngine() {
  const wasmFile = fileURLToPath(
    new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')),
  );
  const wasm = /** @type {any} */ (bindings);
  // The types of WebAssembly are part of the DOM library, which is not loaded here.
  const { instance } = await /** @type {any} */ (globalThis).WebAssembly.instantiate(readFileSync(wasmFile), {
    './schema_engine_bg.js': wasm,
  });
  wasm.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return wasm;
}

/** JSON-RPC, one message per line, until stdin ends. The engine has one connection, so calls are sequential. */
async function serve() {
  /** @type {number | undefined} */
  let pendingId;
  // After a panic the call never settles, and a CLI without its engine exits with code 0, as if all were well.
  const panic = (/** @type {string} */ message) => {
    send({ id: pendingId, error: toRpcError(new Error(message)) });
    process.exit(1);
  };
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: panic } });
  const wasm = await loadEngine();
  const datamodels = (values.datamodels ?? []).map((path) => [
    String(path),
    readFileSync(String(path), 'utf8'),
  ]);
  const start = async () => {
    // The native engine compares two schema files without a server; this one asks a server for its version first.
    if (url === undefined) throw new Error('this command needs a database: set DIRECT_URL or DATABASE_URL');
    const factory = createAdapterFactory(url);
    const options = { datamodels: datamodels.length > 0 ? datamodels : undefined };
    const notify = (/** @type {unknown} */ message) => log('INFO', { message: String(message) });
    /** @type {Engine} */
    const engine = await wasm.SchemaEngine.new(options, notify, factory);
    return { engine, errors: factory.errorRegistry };
  };
  /** @type {Awaited<ReturnType<typeof start>> | undefined} */
  let started;
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    // A message without a method is the CLI's answer to a `print`.
    if (method === undefined) continue;
    pendingId = id;
    try {
      started ??= await start();
      send({ id, result: await call(started.engine, method, params) });
    } catch (error) {
      send({ id, error: toRpcError(error, started?.errors) });
    }
  }
  // The pool would keep the process alive.
  process.exit();
}

/**
 * @param {Engine} engine
 * @param {string} method
 * @param {unknown} params
 */
async function call(engine, method, params) {
  // The CLI creates a missing database through `cli create-database` before it gets here.
  if (method === 'createDatabase') return { databaseName: '' };
  const run = engine[method === 'getDatabaseVersion' ? 'version' : method];
  if (run === undefined) throw new Error(`this schema engine has no ${method}`);
  const result = (await run.call(engine, params)) ?? null;
  if (method !== 'diff') return result;
  // The native engine asks the CLI to print a diff, the WebAssembly one returns it.
  const { stdout, ...rest } = /** @type {{ stdout: string | null }} */ (result);
  if (stdout) send({ id: 1, method: 'print', params: { content: stdout.replace(/\n$/, '') } });
  return rest;
}

/**
 * @param {unknown} thrown
 * @param {{ consumeError(id: number): { error: unknown } | undefined }} [registry]
 */
function toRpcError(thrown, registry) {
  const error = /** @type {{ message?: string, code?: string, meta?: { id?: number } }} */ (thrown);
  // The engine reports an error of the adapter's own code as a number.
  const original = error.meta?.id === undefined ? undefined : registry?.consumeError(error.meta.id)?.error;
  const message = original instanceof Error ? original.message : (error.message ?? String(thrown));
  const data = { is_panic: false, message, meta: error.meta ?? {}, error_code: error.code };
  return { code: 4466, message: 'An error happened. Check the data field for details.', data };
}

/** @param {object} message */
function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/**
 * @param {string} code one of Prisma's own, which the CLI turns into a sentence
 * @param {string} message
 */
function fail(code, message) {
  log('ERROR', { message, error_code: code, is_panic: false });
  return 1;
}

/**
 * @param {'INFO' | 'ERROR'} level
 * @param {object} fields
 */
function log(level, fields) {
  const line = { timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
