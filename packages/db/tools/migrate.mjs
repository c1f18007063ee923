// Applies the migrations in containers, which do not have the repository's scripts:
//   DIRECT_URL=postgresql://… MIGRATIONS_DIR=/app/prisma/migrations node tools/migrate.mjs
import { applyMigrations } from '../dist/index.js';

const url = process.env.DIRECT_URL || process.env.DATABASE_URL;
const directory = process.env.MIGRATIONS_DIR;

if (!url) {
  console.error('Set DIRECT_URL, or DATABASE_URL, to the database that the migrations are for.');
  process.exitCode = 1;
} else {
  try {
    const applied = await applyMigrations({ url, ...(directory ? { directory } : {}) });
    console.log(applied.length === 0 ? 'Nothing to apply.' : `Applied ${applied.join(', ')}.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
