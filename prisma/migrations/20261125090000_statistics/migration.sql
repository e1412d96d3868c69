-- CreateTable
CREATE TABLE "visit_blocks" (
    "user_id" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "first" BIGINT NOT NULL,
    "last" BIGINT NOT NULL,
    "summary" JSON NOT NULL,
    "agent" BYTEA NOT NULL,
    "place" BYTEA NOT NULL,
    "language" BYTEA NOT NULL,
    "host" BYTEA NOT NULL,
    "link" BYTEA NOT NULL,
    "humans" BYTEA NOT NULL,
    "offsets" BYTEA NOT NULL,
    "times" BYTEA NOT NULL,
    "visitors" BYTEA NOT NULL,
    "recipients" BYTEA NOT NULL,

    CONSTRAINT "visit_blocks_pkey" PRIMARY KEY ("user_id","link_id","first")
);

-- CreateTable
CREATE TABLE "log_changes" (
    "user_id" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "log_changes_pkey" PRIMARY KEY ("user_id","link_id")
);

-- Parts are read one by one, and compressing them gains little: they are a few bytes a visit already.
ALTER TABLE "visit_blocks"
    ALTER COLUMN "agent" SET STORAGE EXTERNAL, ALTER COLUMN "place" SET STORAGE EXTERNAL,
    ALTER COLUMN "language" SET STORAGE EXTERNAL, ALTER COLUMN "host" SET STORAGE EXTERNAL,
    ALTER COLUMN "link" SET STORAGE EXTERNAL, ALTER COLUMN "humans" SET STORAGE EXTERNAL,
    ALTER COLUMN "offsets" SET STORAGE EXTERNAL, ALTER COLUMN "times" SET STORAGE EXTERNAL,
    ALTER COLUMN "visitors" SET STORAGE EXTERNAL, ALTER COLUMN "recipients" SET STORAGE EXTERNAL;
ALTER TABLE "visit_blocks" ADD CONSTRAINT "visit_blocks_range_check" CHECK (first > 0 AND last >= first);

-- A block follows from the visits between two positions. Where one of them changes or goes, the block goes with it, in the same
-- transaction, whoever does it; and logs count their changes, so that whoever is making a block of what was there before, or has
-- one in memory, can tell. New visits come after all blocks and change none.
CREATE FUNCTION forget_visit_blocks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log_changes (user_id, link_id, count)
    SELECT user_id, link_id, 1 FROM (
        SELECT user_id, 0 AS link_id FROM changed UNION SELECT user_id, link_id FROM changed
    ) logs
    ORDER BY user_id, link_id
    ON CONFLICT (user_id, link_id) DO UPDATE SET count = log_changes.count + 1;
    -- Blocks begin at a multiple of 64, plus one: of so many positions one is enough to ask about.
    DELETE FROM visit_blocks b USING (
        SELECT DISTINCT s.user_id, s.link_id, (
            SELECT o.first FROM visit_blocks o
            WHERE o.user_id = s.user_id AND o.link_id = s.link_id AND o.first <= s.position
            ORDER BY o.first DESC LIMIT 1
        ) AS first
        FROM (
            SELECT user_id, 0 AS link_id, max(account_seq) AS position FROM changed GROUP BY user_id, (account_seq - 1) / 64
            UNION ALL
            SELECT user_id, link_id, max(seq) FROM changed GROUP BY user_id, link_id, (seq - 1) / 64
        ) s
    ) gone
    WHERE b.user_id = gone.user_id AND b.link_id = gone.link_id AND b.first = gone.first;
    RETURN NULL;
END
$$;

CREATE TRIGGER visits_blocks_updated AFTER UPDATE ON "visits"
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION forget_visit_blocks();
CREATE TRIGGER visits_blocks_deleted AFTER DELETE ON "visits"
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION forget_visit_blocks();

-- What user agents and places are read as is written out in blocks. Better rules change many at once, so all of an owner's go.
CREATE FUNCTION forget_all_visit_blocks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log_changes (user_id, link_id, count)
    SELECT DISTINCT user_id, -1, 1 FROM changed ORDER BY user_id
    ON CONFLICT (user_id, link_id) DO UPDATE SET count = log_changes.count + 1;
    DELETE FROM visit_blocks b WHERE b.user_id IN (SELECT user_id FROM changed);
    RETURN NULL;
END
$$;

CREATE TRIGGER user_agents_blocks AFTER UPDATE ON "user_agents"
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION forget_all_visit_blocks();
CREATE TRIGGER places_blocks AFTER UPDATE ON "places"
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION forget_all_visit_blocks();
