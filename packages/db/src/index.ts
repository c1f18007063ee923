// Floor 1: hides PostgreSQL and Prisma. The tables are in prisma/schema.prisma, their history in prisma/migrations.
export { readConnectionRoom, type ConnectionRoom } from './connection-room.ts';
export { openDatabase, type Database, type DatabaseOptions, type SqlRunner } from './database.ts';
export { connectionStringOf, databaseUrlProblem } from './database-url.ts';
export { explainDatabaseError } from './explain-database-error.ts';
export * from './generated/client.ts';
export { breaksForeignKey } from './foreign-key.ts';
export { FORGETTABLE } from './forgettable.ts';
export { inBatches, type BatchOptions } from './in-batches.ts';
export {
  applyMigrations,
  readMigrationStates,
  type MigrationState,
  type MigrationTarget,
} from './migrate.ts';
export { Patience, withPatience } from './patience.ts';
export { isTransient, withRetry, type RetryOptions } from './transient.ts';
