-- A platform may be many servers, which fail on their own: what is paused and what has a budget is kept apart by server.

ALTER TABLE "delivery" ADD COLUMN "endpoint" TEXT NOT NULL DEFAULT '';
UPDATE "delivery" d
SET "endpoint" = CASE WHEN c."sandbox" THEN rtrim('sandbox ' || c."server") ELSE c."server" END
FROM "channel" c
WHERE c."id" = d."channel_id" AND (c."sandbox" OR c."server" <> '') AND d."status" NOT IN ('published', 'canceled');

DROP INDEX "delivery_line_idx";
CREATE INDEX "delivery_line_idx" ON "delivery"("platform", "endpoint", "turn_at") WHERE (status = 'pending'::delivery_status) AND (next_attempt_at IS NOT NULL);

-- It holds nothing but what has failed in the last minutes.
DELETE FROM "platform_circuit";
ALTER TABLE "platform_circuit" DROP CONSTRAINT "platform_circuit_pkey";
ALTER TABLE "platform_circuit" ADD COLUMN "endpoint" TEXT NOT NULL;
ALTER TABLE "platform_circuit" ADD CONSTRAINT "platform_circuit_pkey" PRIMARY KEY ("platform", "endpoint");

-- What becomes of the posts of a channel while a person has it disconnected.
ALTER TABLE "channel" ADD COLUMN "holds_posts" BOOLEAN NOT NULL DEFAULT false;
