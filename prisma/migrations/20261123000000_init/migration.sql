-- CreateTable
CREATE TABLE "owners" (
    "id" BIGINT NOT NULL,
    "name" TEXT,
    "last_account_seq" BIGINT NOT NULL DEFAULT 0,
    "last_recorded_at" TIMESTAMPTZ(3),
    "revision" BIGINT NOT NULL DEFAULT 0,
    "last_link_id" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "owners_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "access_tokens" (
    "user_id" BIGINT NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL DEFAULT '',
    "token_hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "allowed_ips" TEXT[],
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "access_tokens_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "links" (
    "user_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,
    "title" TEXT NOT NULL DEFAULT '',
    "long_url" TEXT NOT NULL,
    "token" TEXT,
    "webhook_id" TEXT,
    "is_advanced" BOOLEAN NOT NULL DEFAULT false,
    "status" SMALLINT NOT NULL DEFAULT 1,
    "visits" BIGINT NOT NULL DEFAULT 0,
    "human_visits" BIGINT NOT NULL DEFAULT 0,
    "first_seq" BIGINT NOT NULL DEFAULT 1,
    "first_human_seq" BIGINT NOT NULL DEFAULT 1,
    "last_recipient" BIGINT NOT NULL DEFAULT 0,
    "reached" BIGINT NOT NULL DEFAULT 0,
    "revision" BIGINT NOT NULL DEFAULT 0,
    "last_visited" TIMESTAMPTZ(3),
    "last_recorded_at" TIMESTAMPTZ(3),
    "redirect_status" SMALLINT NOT NULL DEFAULT 302,
    "forward_query" BOOLEAN NOT NULL DEFAULT false,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "links_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "recipients" (
    "user_id" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,
    "token" TEXT NOT NULL,
    "message_id" TEXT,
    "mobile" TEXT,
    "sent_at" TIMESTAMPTZ(3),
    "visits" BIGINT NOT NULL DEFAULT 0,
    "human_visits" BIGINT NOT NULL DEFAULT 0,
    "visited" BOOLEAN NOT NULL DEFAULT false,
    "first_visit" TIMESTAMPTZ(3),
    "last_visit" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "recipients_pkey" PRIMARY KEY ("user_id","link_id","id")
);

-- CreateTable
CREATE TABLE "tokens" (
    "token" TEXT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("token")
);

-- CreateTable
CREATE TABLE "user_agents" (
    "user_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,
    "user_agent" TEXT,
    "hints" JSON,
    "browser" TEXT,
    "browser_version" TEXT,
    "browser_engine" TEXT,
    "platform" TEXT,
    "platform_version" TEXT,
    "platform_name" TEXT,
    "device_type" TEXT,
    "device_brand" TEXT,
    "device_model" TEXT,
    "touch_enabled" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "user_agents_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "places" (
    "user_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,
    "country" TEXT,
    "country_code" TEXT,
    "region" TEXT,
    "city" TEXT,
    "zipcode" TEXT,
    "latitude" TEXT,
    "longitude" TEXT,
    "timezone" TEXT,

    CONSTRAINT "places_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "visits" (
    "user_id" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "account_seq" BIGINT NOT NULL,
    "human_seq" BIGINT,
    "user_agent_id" BIGINT NOT NULL,
    "place_id" BIGINT,
    "recipient_id" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "id" UUID NOT NULL,
    "visit_id" UUID NOT NULL,
    "client_ip" INET,
    "scheme" TEXT,
    "host" TEXT,
    "query_string" TEXT,
    "browser_lang" TEXT,
    "resolution" TEXT,
    "options" JSON,

    CONSTRAINT "visits_pkey" PRIMARY KEY ("user_id","link_id","seq")
);

-- CreateTable
CREATE TABLE "server_keys" (
    "name" TEXT NOT NULL,
    "value" BYTEA NOT NULL,

    CONSTRAINT "server_keys_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE UNIQUE INDEX "access_tokens_token_hash_key" ON "access_tokens"("token_hash");

-- CreateIndex
CREATE UNIQUE INDEX "links_token_key" ON "links"("token");

-- CreateIndex
CREATE UNIQUE INDEX "recipients_token_key" ON "recipients"("token");

-- CreateIndex
CREATE INDEX "recipients_user_id_link_id_message_id_idx" ON "recipients"("user_id", "link_id", "message_id");

-- CreateIndex
CREATE INDEX "recipients_user_id_link_id_mobile_idx" ON "recipients"("user_id", "link_id", "mobile");

-- CreateIndex
CREATE INDEX "recipients_user_id_link_id_visited_id_idx" ON "recipients"("user_id", "link_id", "visited", "id");

-- CreateIndex
CREATE INDEX "tokens_user_id_link_id_idx" ON "tokens"("user_id", "link_id");

-- CreateIndex
CREATE INDEX "visits_user_id_link_id_user_agent_id_idx" ON "visits"("user_id", "link_id", "user_agent_id");

-- CreateIndex
CREATE INDEX "visits_user_id_link_id_place_id_idx" ON "visits"("user_id", "link_id", "place_id");

-- CreateIndex
CREATE INDEX "visits_user_id_link_id_recipient_id_idx" ON "visits"("user_id", "link_id", "recipient_id");

-- CreateIndex
CREATE INDEX "visits_user_id_link_id_client_ip_idx" ON "visits"("user_id", "link_id", "client_ip");

-- CreateIndex
CREATE INDEX "visits_user_id_link_id_created_at_idx" ON "visits"("user_id", "link_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "visits_user_id_id_key" ON "visits"("user_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "visits_user_id_account_seq_key" ON "visits"("user_id", "account_seq");

-- CreateIndex
CREATE UNIQUE INDEX "visits_user_id_link_id_human_seq_key" ON "visits"("user_id", "link_id", "human_seq");

-- AddForeignKey
ALTER TABLE "access_tokens" ADD CONSTRAINT "access_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "links" ADD CONSTRAINT "links_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "recipients" ADD CONSTRAINT "recipients_user_id_link_id_fkey" FOREIGN KEY ("user_id", "link_id") REFERENCES "links"("user_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "recipients" ADD CONSTRAINT "recipients_token_fkey" FOREIGN KEY ("token") REFERENCES "tokens"("token") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_user_id_link_id_fkey" FOREIGN KEY ("user_id", "link_id") REFERENCES "links"("user_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_agents" ADD CONSTRAINT "user_agents_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "places" ADD CONSTRAINT "places_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visits" ADD CONSTRAINT "visits_user_id_link_id_fkey" FOREIGN KEY ("user_id", "link_id") REFERENCES "links"("user_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visits" ADD CONSTRAINT "visits_user_id_user_agent_id_fkey" FOREIGN KEY ("user_id", "user_agent_id") REFERENCES "user_agents"("user_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visits" ADD CONSTRAINT "visits_user_id_place_id_fkey" FOREIGN KEY ("user_id", "place_id") REFERENCES "places"("user_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visits" ADD CONSTRAINT "visits_user_id_link_id_recipient_id_fkey" FOREIGN KEY ("user_id", "link_id", "recipient_id") REFERENCES "recipients"("user_id", "link_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- What Prisma's schema language cannot say: bad states that the database refuses.
ALTER TABLE "owners"
    ADD CONSTRAINT "owners_id_check" CHECK (id > 0),
    ADD CONSTRAINT "owners_counters_check" CHECK (last_account_seq >= 0 AND last_link_id >= 0);

ALTER TABLE "links"
    ADD CONSTRAINT "links_id_check" CHECK (id > 0),
    ADD CONSTRAINT "links_status_check" CHECK (status IN (0, 1)),
    ADD CONSTRAINT "links_redirect_status_check" CHECK (redirect_status IN (301, 302, 303, 307, 308)),
    ADD CONSTRAINT "links_target_check" CHECK (status = 0 OR long_url <> ''),
    ADD CONSTRAINT "links_counters_check" CHECK (
        human_visits >= 0 AND visits >= human_visits AND last_recipient >= 0 AND reached BETWEEN 0 AND last_recipient AND revision >= 0
        AND first_seq BETWEEN 1 AND visits + 1
        AND first_human_seq BETWEEN 1 AND human_visits + 1
    );

ALTER TABLE "tokens"
    ADD CONSTRAINT "tokens_token_check" CHECK (token ~ '^[A-Za-z0-9_-]{1,64}$');

ALTER TABLE "recipients"
    ADD CONSTRAINT "recipients_id_check" CHECK (id > 0),
    ADD CONSTRAINT "recipients_visits_check" CHECK (
        human_visits >= 0 AND visits >= human_visits AND visited = (human_visits > 0)
    );

ALTER TABLE "visits"
    ADD CONSTRAINT "visits_positions_check" CHECK (seq > 0 AND account_seq > 0 AND human_seq BETWEEN 1 AND seq);

-- Links are updated by every batch of visits: room on the page keeps those updates off the indexes.
ALTER TABLE "links" SET (fillfactor = 70);
ALTER TABLE "owners" SET (fillfactor = 50);
ALTER TABLE "recipients" SET (fillfactor = 80);

-- The log's promise: a link's visits are numbered 1, 2, 3 … without a gap, and the link row holds the last number. The
-- unique keys refuse a number twice; this refuses a number left out. Once a statement, not once a row.
CREATE FUNCTION refuse_position_gaps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT l.id, l.visits, added.lowest, added.highest INTO broken
    FROM (
        SELECT user_id, link_id, count(*) AS number, min(seq) AS lowest, max(seq) AS highest,
               count(human_seq) AS humans, min(human_seq) AS lowest_human, max(human_seq) AS highest_human
        FROM inserted GROUP BY user_id, link_id
    ) added
    JOIN links l ON l.user_id = added.user_id AND l.id = added.link_id
    WHERE added.highest <> l.visits
       OR added.highest - added.lowest + 1 <> added.number
       OR added.lowest <> l.first_seq AND NOT EXISTS (
              SELECT FROM visits v
              WHERE v.user_id = added.user_id AND v.link_id = added.link_id AND v.seq = added.lowest - 1)
       OR added.humans > 0 AND (
              added.highest_human <> l.human_visits
              OR added.highest_human - added.lowest_human + 1 <> added.humans
              OR added.lowest_human <> l.first_human_seq AND NOT EXISTS (
                     SELECT FROM visits v
                     WHERE v.user_id = added.user_id AND v.link_id = added.link_id
                       AND v.human_seq = added.lowest_human - 1))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'visits % to % of link % leave a gap: the link counts %',
            broken.lowest, broken.highest, broken.id, broken.visits
            USING ERRCODE = 'check_violation', CONSTRAINT = 'visits_dense_positions';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER visits_dense_positions AFTER INSERT ON "visits"
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION refuse_position_gaps();

-- Visits leave only as a prefix: first the link's first_seq is raised, then what lies before it is deleted.
CREATE FUNCTION refuse_deleting_kept_visits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT l.id, removed.seq INTO broken
    FROM removed JOIN links l ON l.user_id = removed.user_id AND l.id = removed.link_id AND removed.seq >= l.first_seq
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'visit % of link % may not be deleted: the link keeps it', broken.seq, broken.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'visits_dense_positions';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER visits_prefix_deletion AFTER DELETE ON "visits"
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION refuse_deleting_kept_visits();
