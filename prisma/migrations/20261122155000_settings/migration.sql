-- What an author chooses for a post on one channel besides its text, by the platform's own schema.

ALTER TABLE "delivery" ADD COLUMN "settings" JSONB NOT NULL DEFAULT '{}';
