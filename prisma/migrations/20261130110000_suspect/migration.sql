-- Blocks that are there are of visits from before any was suspected: none of theirs is. What a server that does not know of it
-- makes from here on has NULL, and counts for nothing.
ALTER TABLE "visit_blocks" ADD COLUMN "suspects" BYTEA DEFAULT '';
ALTER TABLE "visit_blocks" ALTER COLUMN "suspects" DROP DEFAULT, ALTER COLUMN "suspects" SET STORAGE EXTERNAL;
