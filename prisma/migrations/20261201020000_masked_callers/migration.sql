-- All done at once, whatever the size of the tables.

-- Nobody knows who brought the recipients that are there.
-- AlterTable
ALTER TABLE "recipients" ADD COLUMN     "sender" UUID;

-- Webhooks that are there have been told whole numbers, and so have those that a server of the version before makes.
-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN     "whole_numbers" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "reads" ADD COLUMN     "masked" BOOLEAN NOT NULL DEFAULT false;
