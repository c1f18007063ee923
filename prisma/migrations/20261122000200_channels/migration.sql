-- Where to: one account or page on a platform. `platform` is text: adding one needs no migration.

CREATE TYPE "channel_status" AS ENUM ('active', 'needs_reconnect', 'disabled');

CREATE TABLE "channel" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "organization_id" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "remote_account_id" TEXT NOT NULL,
    "handle" TEXT NOT NULL,
    "sandbox" BOOLEAN NOT NULL DEFAULT false,
    "status" "channel_status" NOT NULL DEFAULT 'active',
    "sealed_credentials" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "channel_organization_id_platform_remote_account_id_key" ON "channel"("organization_id", "platform", "remote_account_id");

ALTER TABLE "channel" ADD CONSTRAINT "channel_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
