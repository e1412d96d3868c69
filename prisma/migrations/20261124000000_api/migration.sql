-- DropForeignKey
ALTER TABLE "visits" DROP CONSTRAINT "visits_user_id_link_id_fkey";

-- DropForeignKey
ALTER TABLE "visits" DROP CONSTRAINT "visits_user_id_link_id_recipient_id_fkey";

-- DropForeignKey
ALTER TABLE "visits" DROP CONSTRAINT "visits_user_id_place_id_fkey";

-- DropForeignKey
ALTER TABLE "visits" DROP CONSTRAINT "visits_user_id_user_agent_id_fkey";

-- DropIndex
DROP INDEX "visits_user_id_link_id_human_seq_key";

-- DropIndex
DROP INDEX "visits_user_id_link_id_recipient_id_idx";

-- AlterTable
ALTER TABLE "access_tokens" ADD COLUMN     "rate_limit" INTEGER;

-- AlterTable
ALTER TABLE "links" ADD COLUMN     "max_visits" BIGINT,
ADD COLUMN     "removed_at" TIMESTAMPTZ(3),
ADD COLUMN     "rules" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "tags" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "visits" ALTER COLUMN "visit_id" DROP NOT NULL;

-- CreateTable
CREATE TABLE "webhooks" (
    "user_id" BIGINT NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "uri" TEXT NOT NULL,
    "status" SMALLINT NOT NULL DEFAULT 1,
    "secret" TEXT,
    "verification_code" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "user_id" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "webhook_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "give_up_at" TIMESTAMPTZ(3),
    "last_attempt_at" TIMESTAMPTZ(3),
    "last_status" INTEGER,
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("user_id","link_id","seq")
);

-- CreateTable
CREATE TABLE "webhook_lanes" (
    "user_id" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "lease" UUID,
    "arrivals" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "webhook_lanes_pkey" PRIMARY KEY ("user_id","link_id")
);

-- CreateTable
CREATE TABLE "imported_links" (
    "user_id" BIGINT NOT NULL,
    "source" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "link_id" BIGINT,
    "cursor" TEXT,
    "copied" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "imported_links_pkey" PRIMARY KEY ("user_id","source","key")
);

-- CreateIndex
CREATE INDEX "webhook_deliveries_pending_idx" ON "webhook_deliveries"("user_id", "link_id", "seq") WHERE (state = 'pending');

-- CreateIndex
CREATE INDEX "webhook_deliveries_user_id_webhook_id_id_idx" ON "webhook_deliveries"("user_id", "webhook_id", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_user_id_webhook_id_state_id_idx" ON "webhook_deliveries"("user_id", "webhook_id", "state", "id");

-- CreateIndex
CREATE INDEX "webhook_lanes_next_at_idx" ON "webhook_lanes"("next_at");

-- CreateIndex
CREATE INDEX "links_in_removal_idx" ON "links"("user_id", "id") WHERE (deleted_at IS NOT NULL AND removed_at IS NULL);

-- CreateIndex
CREATE INDEX "visits_user_id_link_id_recipient_id_idx" ON "visits"("user_id", "link_id", "recipient_id") WHERE (recipient_id IS NOT NULL);

-- CreateIndex
CREATE UNIQUE INDEX "visits_user_id_link_id_human_seq_key" ON "visits"("user_id", "link_id", "human_seq") WHERE (human_seq IS NOT NULL);

-- AddForeignKey
ALTER TABLE "imported_links" ADD CONSTRAINT "imported_links_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_user_id_webhook_id_fkey" FOREIGN KEY ("user_id", "webhook_id") REFERENCES "webhooks"("user_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "links"
    ADD CONSTRAINT "links_extras_check" CHECK ((max_visits IS NULL OR max_visits > 0) AND tags IS NOT NULL AND jsonb_typeof(rules) = 'array');
ALTER TABLE "access_tokens" ADD CONSTRAINT "access_tokens_rate_limit_check" CHECK (rate_limit > 0);
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_status_check" CHECK (status IN (0, 1));
ALTER TABLE "webhook_deliveries"
    ADD CONSTRAINT "webhook_deliveries_state_check" CHECK (state IN ('pending', 'delivered', 'parked') AND attempts >= 0);

-- Only the end of a link's numbers ever grows: room in the middle of these indexes would stay empty.
ALTER INDEX "visits_pkey" SET (fillfactor = 100);
ALTER INDEX "visits_user_id_account_seq_key" SET (fillfactor = 100);
ALTER INDEX "visits_user_id_link_id_human_seq_key" SET (fillfactor = 100);
ALTER INDEX "visits_user_id_link_id_created_at_idx" SET (fillfactor = 100);

-- The same promise as before (see the first migration), with a link that is not there refused, and with every row looked up
-- by its key: as joins and NOT EXISTS, a small log would be read whole for each batch.
CREATE OR REPLACE FUNCTION refuse_position_gaps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT added.link_id, l.id, l.visits, added.lowest, added.highest INTO broken
    FROM (
        SELECT user_id, link_id, count(*) AS number, min(seq) AS lowest, max(seq) AS highest,
               count(human_seq) AS humans, min(human_seq) AS lowest_human, max(human_seq) AS highest_human
        FROM inserted GROUP BY user_id, link_id
    ) added
    LEFT JOIN LATERAL (
        SELECT id, visits, human_visits, first_seq, first_human_seq FROM links
        WHERE user_id = added.user_id AND id = added.link_id OFFSET 0
    ) l ON true
    WHERE l.id IS NULL
       OR added.highest <> l.visits
       OR added.highest - added.lowest + 1 <> added.number
       OR added.lowest <> l.first_seq AND (
              SELECT v.seq FROM visits v
              WHERE v.user_id = added.user_id AND v.link_id = added.link_id AND v.seq = added.lowest - 1) IS NULL
       OR added.humans > 0 AND (
              added.highest_human <> l.human_visits
              OR added.highest_human - added.lowest_human + 1 <> added.humans
              OR added.lowest_human <> l.first_human_seq AND (
                     SELECT v.seq FROM visits v
                     WHERE v.user_id = added.user_id AND v.link_id = added.link_id
                       AND v.human_seq = added.lowest_human - 1) IS NULL)
    LIMIT 1;
    IF FOUND AND broken.id IS NULL THEN
        RAISE EXCEPTION 'a visit refers to link %, which does not exist', broken.link_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'visits_references';
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION 'visits % to % of link % leave a gap: the link counts %',
            broken.lowest, broken.highest, broken.id, broken.visits
            USING ERRCODE = 'check_violation', CONSTRAINT = 'visits_dense_positions';
    END IF;
    RETURN NULL;
END
$$;

-- What visits refer to must be there: asked once for each batch and for each thing it refers to, by its key. Whoever removes what visits
-- may refer to holds the owner's lock, as whoever appends visits does.
CREATE FUNCTION refuse_dangling_visits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing text;
BEGIN
    SELECT 'user agent ' || n.user_agent_id INTO missing
    FROM (SELECT DISTINCT user_id, user_agent_id FROM written) n
    WHERE (SELECT a.id FROM user_agents a WHERE a.user_id = n.user_id AND a.id = n.user_agent_id) IS NULL
    LIMIT 1;
    IF missing IS NULL THEN
        SELECT 'place ' || n.place_id INTO missing
        FROM (SELECT DISTINCT user_id, place_id FROM written WHERE place_id IS NOT NULL) n
        WHERE (SELECT p.id FROM places p WHERE p.user_id = n.user_id AND p.id = n.place_id) IS NULL
        LIMIT 1;
    END IF;
    IF missing IS NULL THEN
        SELECT 'recipient ' || n.recipient_id || ' of link ' || n.link_id INTO missing
        FROM (SELECT DISTINCT user_id, link_id, recipient_id FROM written WHERE recipient_id IS NOT NULL) n
        WHERE (SELECT r.id FROM recipients r
               WHERE r.user_id = n.user_id AND r.link_id = n.link_id AND r.id = n.recipient_id) IS NULL
        LIMIT 1;
    END IF;
    -- Of new visits, refuse_position_gaps has asked.
    IF missing IS NULL AND TG_OP = 'UPDATE' THEN
        SELECT 'link ' || n.link_id INTO missing
        FROM (SELECT DISTINCT user_id, link_id FROM written) n
        WHERE (SELECT l.id FROM links l WHERE l.user_id = n.user_id AND l.id = n.link_id) IS NULL
        LIMIT 1;
    END IF;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'a visit refers to %, which does not exist', missing
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'visits_references';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER visits_references_inserted AFTER INSERT ON "visits"
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_dangling_visits();
CREATE TRIGGER visits_references_updated AFTER UPDATE ON "visits"
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_dangling_visits();

CREATE FUNCTION refuse_removing_referenced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_referenced boolean;
BEGIN
    is_referenced := CASE TG_TABLE_NAME
        WHEN 'user_agents' THEN EXISTS (SELECT FROM visits v WHERE v.user_id = OLD.user_id AND v.user_agent_id = OLD.id)
        WHEN 'places' THEN EXISTS (SELECT FROM visits v WHERE v.user_id = OLD.user_id AND v.place_id = OLD.id)
    END;
    IF is_referenced THEN
        RAISE EXCEPTION 'visits refer to % of %', OLD.id, TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'visits_references';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER user_agents_referenced BEFORE DELETE ON "user_agents" FOR EACH ROW EXECUTE FUNCTION refuse_removing_referenced();
CREATE TRIGGER places_referenced BEFORE DELETE ON "places" FOR EACH ROW EXECUTE FUNCTION refuse_removing_referenced();

CREATE FUNCTION refuse_removing_recipients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM visits v WHERE v.user_id = OLD.user_id AND v.link_id = OLD.link_id AND v.recipient_id = OLD.id) THEN
        RAISE EXCEPTION 'visits refer to recipient % of link %', OLD.id, OLD.link_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'visits_references';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER recipients_referenced BEFORE DELETE ON "recipients" FOR EACH ROW EXECUTE FUNCTION refuse_removing_recipients();
