-- Videos and GIFs beside images, what is derived from an image at its upload, and a note of every file that is being stored
-- or removed.

CREATE TYPE "media_kind" AS ENUM ('image', 'gif', 'video');

-- What is there, and what an older API adds until it is replaced, is a JPEG or PNG.
ALTER TABLE "media" ADD COLUMN "kind" "media_kind" NOT NULL DEFAULT 'image',
ADD COLUMN "duration_ms" INTEGER,
ADD COLUMN "frame_rate" DOUBLE PRECISION,
ADD COLUMN "video_codec" TEXT,
ADD COLUMN "audio_codec" TEXT,
ADD COLUMN "renditions" JSONB NOT NULL DEFAULT '[]';

CREATE TABLE "stray_file" (
    "key" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removing" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "stray_file_pkey" PRIMARY KEY ("key")
);
