-- What an account's server takes, where servers differ, and when it is to be asked again. What is there is asked at once.

ALTER TABLE "channel" ADD COLUMN "limits" JSONB,
ADD COLUMN "limits_due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

CREATE INDEX "channel_limits_idx" ON "channel"("platform", "limits_due_at") WHERE (status = 'active'::channel_status);
