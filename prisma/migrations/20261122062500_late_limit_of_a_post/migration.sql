-- How late a post may still go out, as its author chose. Null: the default of packages/domain, which may change without
-- a migration.
ALTER TABLE "post" ADD COLUMN "late_limit_minutes" INTEGER;
