import { type Database, statement } from '../database/open.js'
import type { ReadEntry } from './read.js'

/** Adds entries, all of one owner, to what is stored of the same minutes: in one statement. */
export async function storeReads(db: Database, entries: ReadEntry[]): Promise<void> {
  const rows = entries.map(({ filters, firstAt, lastAt, ...entry }) => ({
    ...entry,
    filters: [...filters].sort(),
    firstAt: new Date(firstAt),
    lastAt: new Date(lastAt),
  }))
  await db.pool.query(addReads([entries[0]?.ownerId, JSON.stringify(rows)]))
}

// In one order, because two processes that write at the same time wait for each other's rows. Of an owner that nothing is stored
// of there was nothing to read.
const addReads = statement(`
INSERT INTO reads AS r (
  user_id, id, token_id, operation, link_id, answers, rows, first_position, last_position, filters, masked, first_at, last_at
)
SELECT $1, t.id, "tokenId", operation, "linkId", answers, rows, first, last, filters, "isMasked", "firstAt", "lastAt"
FROM json_to_recordset($2::json) AS t (
  id uuid, "tokenId" uuid, operation text, "linkId" int8, answers int8, rows int8, first int8, last int8, filters text[],
  "isMasked" bool, "firstAt" timestamptz, "lastAt" timestamptz
)
WHERE EXISTS (SELECT FROM owners WHERE owners.id = $1)
ORDER BY t.id
ON CONFLICT (user_id, id) DO UPDATE SET
  answers = r.answers + excluded.answers,
  rows = r.rows + excluded.rows,
  first_position = least(r.first_position, excluded.first_position),
  last_position = greatest(r.last_position, excluded.last_position),
  filters = ARRAY(SELECT DISTINCT f FROM unnest(r.filters || excluded.filters) AS u (f) ORDER BY f),
  first_at = least(r.first_at, excluded.first_at),
  last_at = greatest(r.last_at, excluded.last_at)`)
