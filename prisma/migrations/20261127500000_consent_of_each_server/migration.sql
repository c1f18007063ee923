-- The form of our own page is good for one use, by the browser that was shown it.
ALTER TABLE "connection" ADD COLUMN "form_hash" TEXT;

-- Every server has a redirect address of its own from now on, so what was registered for the shared one is of no use: the next
-- author has it registered anew. The tokens that came from it stay good, since nothing renews them.
DELETE FROM "platform_app" WHERE "redirect_uri" LIKE '%/connections/callback';
