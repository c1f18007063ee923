-- Which queue holds the alarms of the scheduled posts. Where there is no row yet, all of them are set once more.

CREATE TABLE "queue_mark" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "epoch" TEXT NOT NULL,
    "beat" BIGINT NOT NULL DEFAULT 0,
    "lost_at" TIMESTAMPTZ(3),
    "restorer" TEXT,
    "restoring_until" TIMESTAMPTZ(3),

    CONSTRAINT "queue_mark_pkey" PRIMARY KEY ("id")
);

ALTER TABLE "queue_mark" SET (fillfactor = 50);
