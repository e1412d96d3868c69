-- AlterTable
ALTER TABLE "webhook_lanes" ADD COLUMN     "is_resting" BOOLEAN NOT NULL DEFAULT false;
