-- When a post goes out, which job of the queue is its alarm, and when the queue confirmed it.
-- The row is the truth and the job its alarm clock: a scheduled post without alarm_set_at is one that the reconciler
-- has to set an alarm for.
ALTER TABLE "post"
    ADD COLUMN "scheduled_at" TIMESTAMPTZ(3),
    ADD COLUMN "schedule_job_id" TEXT,
    ADD COLUMN "alarm_set_at" TIMESTAMPTZ(3);

-- The reconciler's two questions: what is overdue, and whose alarm is missing.
CREATE INDEX "post_due_idx" ON "post"("scheduled_at") WHERE (status = 'scheduled'::post_status);

CREATE INDEX "post_alarm_pending_idx" ON "post"("scheduled_at") WHERE (status = 'scheduled'::post_status) AND (alarm_set_at IS NULL);
