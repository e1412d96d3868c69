-- CreateTable
CREATE TABLE "removed_visits" (
    "user_id" BIGINT NOT NULL,
    "hour" TIMESTAMPTZ(0) NOT NULL,
    "link_id" BIGINT NOT NULL,
    "first_seq" BIGINT NOT NULL,
    "ids" UUID[],

    CONSTRAINT "removed_visits_pkey" PRIMARY KEY ("user_id","hour","link_id","first_seq")
);

-- Ids are random, so nothing is gained by compressing them.
ALTER TABLE "removed_visits" ALTER COLUMN "ids" SET STORAGE EXTERNAL;
