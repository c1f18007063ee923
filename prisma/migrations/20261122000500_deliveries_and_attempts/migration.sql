-- One post to one channel, and the append-only ledger of its tries.

CREATE TYPE "delivery_status" AS ENUM ('pending', 'publishing', 'published', 'failed', 'uncertain', 'canceled');

CREATE TYPE "attempt_outcome" AS ENUM ('published', 'retry', 'wait_until', 'failed', 'uncertain', 'absent', 'ask_again', 'superseded', 'handed_back');

CREATE TABLE "delivery" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "post_id" UUID NOT NULL,
    "channel_id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "status" "delivery_status" NOT NULL DEFAULT 'pending',
    "text_override" TEXT,
    "due_at" TIMESTAMPTZ(3),
    "next_attempt_at" TIMESTAMPTZ(3),
    "attempts_used" INTEGER NOT NULL DEFAULT 0,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "sending_at" TIMESTAMPTZ(3),
    "sending_deadline_at" TIMESTAMPTZ(3),
    "reconcile_count" INTEGER NOT NULL DEFAULT 0,
    "witness" JSONB NOT NULL DEFAULT '{}',
    "remote_id" TEXT,
    "remote_url" TEXT,
    "published_at" TIMESTAMPTZ(3),
    "failure_kind" TEXT,
    "failure_actor" TEXT,
    "failure_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "attempt" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "delivery_id" UUID NOT NULL,
    "fence" INTEGER NOT NULL,
    "worker" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sending_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "outcome" "attempt_outcome",
    "failure_kind" TEXT,
    "detail" TEXT,

    CONSTRAINT "attempt_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "delivery_channel_id_idx" ON "delivery"("channel_id");

CREATE INDEX "delivery_due_idx" ON "delivery"("next_attempt_at") WHERE (status = 'pending'::delivery_status);

CREATE INDEX "delivery_leased_idx" ON "delivery"("lease_until") WHERE (status = 'publishing'::delivery_status);

CREATE UNIQUE INDEX "delivery_post_id_channel_id_key" ON "delivery"("post_id", "channel_id");

CREATE UNIQUE INDEX "attempt_delivery_id_fence_key" ON "attempt"("delivery_id", "fence");

ALTER TABLE "delivery" ADD CONSTRAINT "delivery_post_id_fkey" FOREIGN KEY ("post_id") REFERENCES "post"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "delivery" ADD CONSTRAINT "delivery_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE NO ACTION ON UPDATE CASCADE;

ALTER TABLE "attempt" ADD CONSTRAINT "attempt_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;
