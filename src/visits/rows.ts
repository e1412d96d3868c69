import { asTexts, type Database, statement } from '../database/open.js'
import type { LinkPositions } from '../links/repository.js'
import { fragmentsOf } from './fragments.js'
import { recipientOf, renderVisits, type VisitRow, type VisitView, visitColumns } from './resource.js'

/** Which number of a visit a range counts by. */
export type Numbering = 'seq' | 'human_seq'

/** Visits of a link numbered `low` to `high` as JSON, newest first. */
export async function visitRange(
  db: Database,
  link: LinkPositions,
  numbering: Numbering,
  low: number,
  high: number,
  view: VisitView,
): Promise<string[]> {
  if (high < low) return []
  const { rows } = await db.pool.query<VisitRow>(asTexts(ranges[numbering]([link.ownerId, link.id, low, high])))
  return renderVisits(rows, fragmentsOf(db), view)
}

/** Visits of a link with these numbers as JSON, in their order. */
export async function visitList(db: Database, link: LinkPositions, seqs: number[], view: VisitView): Promise<string[]> {
  if (seqs.length === 0) return []
  const { rows } = await db.pool.query<VisitRow>(asTexts(listed([link.ownerId, link.id, seqs])))
  const rendered = await renderVisits(rows, fragmentsOf(db), view)
  const bySeq = new Map(rows.map(([seq], index) => [Number(seq), rendered[index] ?? '']))
  return seqs.flatMap((seq) => bySeq.get(seq) ?? [])
}

/** The largest page. */
const mostRows = 100

// The bounds reach the visits through a join, so that PostgreSQL plans once and not for each pair of numbers.
const rangeBy = (numbering: Numbering) =>
  statement(`
SELECT ${visitColumns(numbering)}
FROM (SELECT $1::int8 AS owner, $2::int8 AS link, $3::int8 AS low, $4::int8 AS high OFFSET 0) k
CROSS JOIN LATERAL (
  SELECT * FROM visits v
  WHERE v.user_id = k.owner AND v.link_id = k.link AND v.${numbering} BETWEEN k.low AND k.high
  ORDER BY v.${numbering} DESC LIMIT ${mostRows}
) v ${recipientOf}
ORDER BY v.${numbering} DESC`)

const ranges = { seq: rangeBy('seq'), human_seq: rangeBy('human_seq') }

const listed = statement(`
SELECT ${visitColumns('seq')} FROM visits v ${recipientOf}
WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq = ANY($3::int8[])`)
