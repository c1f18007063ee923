-- Accounts of real platforms: where they live, when their credentials end, who renews them, and an author's way to the
-- platform's page and back.

ALTER TABLE "channel"
  ADD COLUMN "server" TEXT NOT NULL DEFAULT '',
  ADD COLUMN "credentials_version" INTEGER NOT NULL DEFAULT 1,
  ADD COLUMN "expires_at" TIMESTAMPTZ(3),
  ADD COLUMN "refresh_at" TIMESTAMPTZ(3),
  ADD COLUMN "refreshing_until" TIMESTAMPTZ(3),
  ADD COLUMN "reconnect_reason" TEXT;

-- The same number may be two accounts on two servers.
DROP INDEX "channel_organization_id_platform_remote_account_id_key";
CREATE UNIQUE INDEX "channel_organization_id_platform_server_remote_account_id_key" ON "channel"("organization_id", "platform", "server", "remote_account_id");
CREATE INDEX "channel_refresh_idx" ON "channel"("refresh_at") WHERE (status = 'active'::channel_status);

CREATE TABLE "connection" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "organization_id" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "server" TEXT NOT NULL DEFAULT '',
    "sandbox" BOOLEAN NOT NULL DEFAULT false,
    "state_hash" TEXT NOT NULL,
    "sealed_verifier" TEXT NOT NULL,
    "browser_hash" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "returned_at" TIMESTAMPTZ(3),
    "channel_id" UUID,
    "failure_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "connection_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "connection_state_hash_key" ON "connection"("state_hash");
CREATE INDEX "connection_organization_id_idx" ON "connection"("organization_id");
CREATE INDEX "connection_channel_id_idx" ON "connection"("channel_id");
CREATE INDEX "connection_expires_at_idx" ON "connection"("expires_at");

ALTER TABLE "connection" ADD CONSTRAINT "connection_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "connection" ADD CONSTRAINT "connection_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "platform_app" (
    "platform" TEXT NOT NULL,
    "server" TEXT NOT NULL,
    "redirect_uri" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "sealed_secret" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "platform_app_pkey" PRIMARY KEY ("platform", "server", "redirect_uri")
);
