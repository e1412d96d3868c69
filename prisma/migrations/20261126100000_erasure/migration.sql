-- AlterTable
ALTER TABLE "links" ADD COLUMN     "last_erased" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "owners" ADD COLUMN     "last_erased" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "recipients" ADD COLUMN     "erasure_id" UUID,
ALTER COLUMN "token" DROP NOT NULL;

-- AlterTable
ALTER TABLE "tokens" ADD COLUMN     "erased_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "erasures" (
    "user_id" BIGINT NOT NULL,
    "id" UUID NOT NULL,
    "token_id" UUID,
    "mobile_hash" BYTEA NOT NULL,
    "recipients" BIGINT NOT NULL DEFAULT 0,
    "visits" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "erased_visits" (
    "user_id" BIGINT NOT NULL,
    "number" BIGINT NOT NULL,
    "link_id" BIGINT NOT NULL,
    "id" UUID NOT NULL,
    "erasure_id" UUID NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erased_visits_pkey" PRIMARY KEY ("user_id","number")
);

-- CreateIndex
CREATE INDEX "erasures_user_id_mobile_hash_idx" ON "erasures"("user_id", "mobile_hash") WHERE (erased_at IS NULL);

-- CreateIndex
CREATE INDEX "erased_visits_user_id_link_id_number_idx" ON "erased_visits"("user_id", "link_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "erased_visits_user_id_id_key" ON "erased_visits"("user_id", "id");

-- CreateIndex
CREATE INDEX "recipients_user_id_erasure_id_idx" ON "recipients"("user_id", "erasure_id") WHERE (erasure_id IS NOT NULL);

-- AddForeignKey
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "owners"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Whoever has a token has a name for the person, so nothing but an erasure takes it away.
ALTER TABLE "recipients" ADD CONSTRAINT "recipients_erasure_check" CHECK (
    token IS NOT NULL AND erasure_id IS NULL OR token IS NULL AND mobile IS NULL AND message_id IS NULL AND erasure_id IS NOT NULL
);
