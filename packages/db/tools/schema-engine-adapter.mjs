// PostgreSQL for the WebAssembly schema engine: @prisma/adapter-pg, corrected where it differs from the native engine.
import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** @typedef {Awaited<ReturnType<PrismaPg['connect']>>} Adapter */

/** The 1-byte type "char" of the catalogs, and the type that adapter-pg reads the same way. */
const CHAR_OID = 18;
const BPCHAR_OID = 1042;

/**
 * Splits a connection string into pg's client options and the `schema` parameter, which only Prisma knows. The options are
 * single fields, because a `connectionString` would override the `database` that a shadow database needs.
 *
 * @param {string} url
 * @returns {{ connection: pg.ClientConfig, schema: string | undefined }}
 */
export function parseUrl(url) {
  const parsed = new URL(url);
  const parameter = (/** @type {string} */ name) => parsed.searchParams.get(name) ?? undefined;
  const sslmode = parameter('sslmode');
  const ssl = sslmode !== undefined && sslmode !== 'disable' && sslmode !== 'prefer';
  return {
    connection: {
      host: parameter('host') ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(parsed.port || 5432),
      user: decodeURIComponent(parsed.username),
      password: decodeURIComponent(parsed.password),
      database: decodeURIComponent(parsed.pathname.slice(1)),
      ...(ssl ? { ssl: { rejectUnauthorized: sslmode === 'verify-full' || sslmode === 'verify-ca' } } : {}),
    },
    schema: parameter('schema'),
  };
}

/**
 * Runs one statement on a connection of its own, for CREATE and DROP DATABASE.
 *
 * @param {pg.ClientConfig} connection
 * @param {string} sql
 */
export async function runOnce(connection, sql) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** @param {string} url */
export function createAdapterFactory(url) {
  const { connection, schema } = parseUrl(url);
  const options = schema === undefined ? {} : { schema };
  const factory = new PrismaPg(connection, options);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => mend(await connect());
  // adapter-pg's own version drops the database while connections to it are still open, which PostgreSQL refuses.
  factory.connectToShadowDb = async () => {
    const database = `prisma_migrate_shadow_db_${randomUUID()}`;
    await runOnce(connection, `CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    const shadow = mend(await new PrismaPg({ ...connection, database }, options).connect());
    const dispose = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await dispose();
      await runOnce(connection, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)} WITH (FORCE)`);
    };
    return shadow;
  };
  return bindMigrationAwareSqlAdapterFactory(factory);
}

/** @param {Adapter} adapter */
function mend(adapter) {
  const pool = adapter.underlyingDriver();
  /** @type {WeakMap<object, number[]>} which columns of a result are of type "char" */
  const charColumns = new WeakMap();
  const query = pool.query.bind(pool);
  Object.assign(pool, {
    query: async (/** @type {any} */ text, /** @type {any} */ values) => {
      const result = await query(text, values);
      if (Array.isArray(result)) return result;
      const indexes = [];
      for (const [index, field] of result.fields.entries()) {
        if (field.dataTypeID !== CHAR_OID) continue;
        // adapter-pg refuses the type. It passes as a text, and queryRaw below restores the type.
        field.dataTypeID = BPCHAR_OID;
        indexes.push(index);
      }
      charColumns.set(result.rows, indexes);
      return result;
    },
  });
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (statement) => {
    const result = await queryRaw(statement);
    for (const index of charColumns.get(result.rows) ?? []) {
      result.columnTypes[index] = ColumnTypeEnum.Character;
    }
    return result;
  };
  // adapter-pg splits a script at every ';', also inside function bodies. PostgreSQL takes the whole script.
  adapter.executeScript = async (script) => {
    await pool.query(script);
  };
  return adapter;
}
