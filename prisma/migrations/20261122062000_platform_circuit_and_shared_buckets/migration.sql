-- A platform that fails for several accounts is left alone for a while, by all processes. A row exists only meanwhile.

CREATE TABLE "platform_circuit" (
    "platform" TEXT NOT NULL,
    "failing_channels" UUID[],
    "pauses" INTEGER NOT NULL DEFAULT 0,
    "paused_at" TIMESTAMPTZ(3),
    "paused_until" TIMESTAMPTZ(3),
    "reason" TEXT NOT NULL,

    CONSTRAINT "platform_circuit_pkey" PRIMARY KEY ("platform")
);

-- Many tokens are taken by one statement, which needs to know the bucket's size and to say how many it took.
DELETE FROM "rate_bucket";
ALTER TABLE "rate_bucket"
    ADD COLUMN "capacity" DOUBLE PRECISION NOT NULL,
    ADD COLUMN "per_ms" DOUBLE PRECISION NOT NULL,
    ADD COLUMN "taken" INTEGER NOT NULL;
