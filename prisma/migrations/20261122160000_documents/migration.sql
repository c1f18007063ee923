-- Documents beside images and videos: PDFs, with the number of their pages.

-- Nothing below uses the new value: PostgreSQL allows that only once the transaction that added it has ended.
ALTER TYPE "media_kind" ADD VALUE 'document';

ALTER TABLE "media" ADD COLUMN "page_count" INTEGER;
