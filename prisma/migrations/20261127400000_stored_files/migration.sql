-- What lies in the store is compared with this before it is sent. Of renditions it stands in their JSON. Null: stored by an
-- older version, of which only the size is known.
ALTER TABLE "media" ADD COLUMN "stored_sha256" TEXT;

-- These are kept as they were uploaded; an image is encoded anew.
UPDATE "media" SET "stored_sha256" = "sha256" WHERE "kind" <> 'image';

-- How the store looks to each worker: 'up', 'away', 'full' or 'read_only'. Null: an older version, which does not look.
ALTER TABLE "worker_heartbeat" ADD COLUMN "store" TEXT;
