-- A platform that says "wait" says it to the whole account, or to all: it is kept where the budgets are.
ALTER TABLE "rate_bucket" ADD COLUMN "limited_until" TIMESTAMPTZ(3), ADD COLUMN "limits" INTEGER NOT NULL DEFAULT 0;

-- Numbers from outside became times that were none, and a row without a time is never looked at again. What is stuck goes on.
UPDATE "delivery" SET "next_attempt_at" = now(), "turn_at" = COALESCE("turn_at", now())
WHERE "status" = 'pending' AND "due_at" IS NOT NULL AND ("next_attempt_at" IS NULL OR NOT isfinite("next_attempt_at"));
UPDATE "delivery" SET "lease_until" = now()
WHERE "status" = 'publishing' AND ("lease_until" IS NULL OR NOT isfinite("lease_until"));
ALTER TABLE "delivery"
  ADD CONSTRAINT "delivery_pending_has_a_time"
    CHECK ("status" <> 'pending' OR "due_at" IS NULL OR ("next_attempt_at" IS NOT NULL AND isfinite("next_attempt_at"))),
  ADD CONSTRAINT "delivery_claimed_has_an_end"
    CHECK ("status" <> 'publishing' OR ("lease_until" IS NOT NULL AND isfinite("lease_until")));
ALTER TABLE "post"
  ADD CONSTRAINT "post_scheduled_has_a_time"
    CHECK ("status" <> 'scheduled' OR ("scheduled_at" IS NOT NULL AND isfinite("scheduled_at")));
