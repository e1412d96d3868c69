-- AlterTable
ALTER TABLE "links" ADD COLUMN     "retention_days" INTEGER;

ALTER TABLE "links" ADD CONSTRAINT "links_retention_check" CHECK (retention_days > 0);
