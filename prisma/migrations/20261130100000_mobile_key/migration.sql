-- '' for owners who are there: their recipients have no keys. Both are done at once, whatever the size of the table.
-- AlterTable
ALTER TABLE "owners" ADD COLUMN     "mobile_rule" TEXT DEFAULT '';
ALTER TABLE "owners" ALTER COLUMN "mobile_rule" DROP DEFAULT;

-- Compared as bytes: ranges of keys must not depend on the language of the database.
-- AlterTable
ALTER TABLE "recipients" ADD COLUMN     "mobile_key" TEXT COLLATE "C";

-- Empty so far, so that it takes no longer than reading the table once.
-- CreateIndex
CREATE INDEX "recipients_user_id_mobile_key_link_id_idx" ON "recipients"("user_id", "mobile_key", "link_id") WHERE (mobile_key IS NOT NULL);

-- Whoever writes a number writes its key with it. Servers of the version before do not, while both are running: their recipients are
-- marked by their digits, so that they are found, and the job that keys what was there before finds them too.
CREATE FUNCTION mark_unkeyed_mobile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mobile_key := '?' || regexp_replace(NEW.mobile, '[^0-9*]', '', 'g');
    RETURN NEW;
END
$$;

CREATE TRIGGER recipients_mobile_inserted BEFORE INSERT ON "recipients" FOR EACH ROW
    WHEN (NEW.mobile IS NOT NULL AND NEW.mobile_key IS NULL) EXECUTE FUNCTION mark_unkeyed_mobile();
CREATE TRIGGER recipients_mobile_updated BEFORE UPDATE OF mobile ON "recipients" FOR EACH ROW
    WHEN (NEW.mobile IS DISTINCT FROM OLD.mobile AND NEW.mobile_key IS NOT DISTINCT FROM OLD.mobile_key)
    EXECUTE FUNCTION mark_unkeyed_mobile();
