-- A delivery's row is written several times within a second. As long as no indexed column changes and its page has room,
-- PostgreSQL writes the row only, and none of its indexes: so leases are not indexed, and pages are not filled up.

DROP INDEX "delivery_leased_idx";
CREATE INDEX "delivery_publishing_idx" ON "delivery"("platform") WHERE (status = 'publishing'::delivery_status);

ALTER TABLE "post" SET (fillfactor = 80);
ALTER TABLE "delivery" SET (fillfactor = 70);
ALTER TABLE "attempt" SET (fillfactor = 80);
