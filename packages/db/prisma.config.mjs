import { defineConfig } from 'prisma/config';

// Migrations take a session lock and change the schema, so they must not go through a pooler: DIRECT_URL comes first.
// `generate` and `validate` need no database, so neither variable has to be set.
const url = process.env.DIRECT_URL || process.env.DATABASE_URL;
const shadowDatabaseUrl = process.env.SHADOW_DATABASE_URL;

export default defineConfig({
  schema: '../../prisma/schema.prisma',
  migrations: { path: '../../prisma/migrations' },
  ...(url ? { datasource: { url, ...(shadowDatabaseUrl ? { shadowDatabaseUrl } : {}) } } : {}),
});
