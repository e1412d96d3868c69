-- Lanes are taken owner by owner.
CREATE INDEX "webhook_lanes_user_id_next_at_idx" ON "webhook_lanes" ("user_id", "next_at");
