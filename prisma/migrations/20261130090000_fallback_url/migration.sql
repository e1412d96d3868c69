-- AlterTable
ALTER TABLE "links" ADD COLUMN     "fallback_url" TEXT;
