-- What the platform itself said, beside our own sentence: authors and operators search for these words.
ALTER TABLE "delivery" ADD COLUMN "failure_platform_message" TEXT;
