-- Each delivery is given its place in its platform's line when it is released, so that a claim reads the front of the line
-- and not all of it: with ten thousand in line, that was most of what PostgreSQL did.

ALTER TABLE "delivery" ADD COLUMN "turn_at" TIMESTAMPTZ(3);
UPDATE "delivery" SET "turn_at" = "next_attempt_at";
-- Without a place nothing is ever claimed.
ALTER TABLE "delivery" ADD CONSTRAINT "delivery_in_line" CHECK ("next_attempt_at" IS NULL OR "turn_at" IS NOT NULL);

DROP INDEX "delivery_due_idx";
CREATE INDEX "delivery_line_idx" ON "delivery"("platform", "turn_at") WHERE (status = 'pending'::delivery_status) AND (next_attempt_at IS NOT NULL);
CREATE INDEX "delivery_channel_line_idx" ON "delivery"("channel_id", "turn_at") WHERE (status = 'pending'::delivery_status) AND (turn_at IS NOT NULL);
