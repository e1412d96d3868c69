-- CreateTable
CREATE TABLE "reads" (
    "user_id" BIGINT NOT NULL,
    "id" UUID NOT NULL,
    "token_id" UUID,
    "operation" TEXT NOT NULL,
    "link_id" BIGINT,
    "answers" BIGINT NOT NULL,
    "rows" BIGINT NOT NULL,
    "first_position" BIGINT,
    "last_position" BIGINT,
    "filters" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reads_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateIndex
CREATE INDEX "reads_user_id_token_id_id_idx" ON "reads"("user_id", "token_id", "id");

-- CreateIndex
CREATE INDEX "reads_user_id_link_id_id_idx" ON "reads"("user_id", "link_id", "id");
