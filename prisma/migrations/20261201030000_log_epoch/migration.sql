-- CreateTable
CREATE TABLE "log_epochs" (
    "number" INTEGER NOT NULL,
    "id" BIGINT NOT NULL,
    "system" TEXT,
    "timeline" BIGINT,
    "database" BIGINT,
    "begun_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "log_epochs_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "log_epoch_starts" (
    "user_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "account_seq" BIGINT NOT NULL,
    "last_erased" BIGINT NOT NULL,

    CONSTRAINT "log_epoch_starts_pkey" PRIMARY KEY ("user_id","number")
);
