-- Who claimed a delivery, whether what it sent may still be out, and whose change a post or a channel carries.

-- A database that lost its last commits gives fencing numbers out twice: a claim is told apart by a random token as well.
ALTER TABLE "delivery" ADD COLUMN "claim_token" UUID,
    ADD COLUMN "absence_unproved" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "call_ended_at" TIMESTAMPTZ(3);
ALTER TABLE "attempt" ADD COLUMN "claim_token" UUID;

-- The last changes, newest first: whoever lost the answer to one finds out whether it was made.
ALTER TABLE "post" ADD COLUMN "recent_changes" UUID[] NOT NULL DEFAULT '{}';
ALTER TABLE "channel" ADD COLUMN "last_disconnection" UUID;
