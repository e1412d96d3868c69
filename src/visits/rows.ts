import { LRUCache } from 'lru-cache'
import type { QueryConfig } from 'pg'
import { asTexts, type Database, statement } from '../database/open.js'
import type { LinkPositions } from '../links/repository.js'
import { fragmentsOf } from './fragments.js'
import { recipientOf, renderVisits, type VisitRow, type VisitView, visitColumns } from './resource.js'

/** Which number of a visit a range counts by. */
export type Numbering = 'seq' | 'human_seq'

/**
 * Visits of a link as ready JSON, by position.
 *
 * A row never changes unless its link's revision does, so rows that were read lately are kept, up to a bound, and a page
 * asked for again and again is string joining.
 */
export class VisitRows {
  readonly #db: Database
  readonly #kept: LRUCache<string, string>

  /** @param keptCharacters how much JSON to keep in memory */
  constructor(db: Database, keptCharacters = 64 * 1024 * 1024) {
    this.#db = db
    this.#kept = new LRUCache({ maxSize: keptCharacters, sizeCalculation: (json, key) => json.length + key.length })
  }

  /** Rows numbered `low` to `high`, newest first. */
  async range(
    link: LinkPositions,
    numbering: Numbering,
    low: number,
    high: number,
    view: VisitView,
  ): Promise<string[]> {
    if (high < low) return []
    const prefix = keyPrefix(link, numbering, view)
    const found = this.#find(prefix, low, high)
    if (found !== null) return found
    const query = ranges[numbering]([link.ownerId, link.id, low, high])
    return this.#read(query, prefix, view).then((read) => read.map(([, json]) => json))
  }

  /** Rows with these numbers, in their order. */
  async list(link: LinkPositions, seqs: number[], view: VisitView): Promise<string[]> {
    const prefix = keyPrefix(link, 'seq', view)
    const missing = seqs.filter((seq) => !this.#kept.has(prefix + seq))
    const query = listed([link.ownerId, link.id, missing])
    const read = new Map(missing.length === 0 ? [] : await this.#read(query, prefix, view))
    return seqs.flatMap((seq) => read.get(String(seq)) ?? this.#kept.get(prefix + seq) ?? [])
  }

  /** Position and JSON of each row that a query finds. */
  async #read(query: QueryConfig, prefix: string, view: VisitView): Promise<[string, string][]> {
    const { rows } = await this.#db.pool.query<VisitRow>(asTexts(query))
    const rendered = await renderVisits(rows, fragmentsOf(this.#db), view)
    return rows.map(([position], index) => {
      const json = rendered[index] ?? ''
      this.#kept.set(prefix + position, json)
      return [position, json]
    })
  }

  #find(prefix: string, low: number, high: number): string[] | null {
    const found: string[] = []
    for (let at = high; at >= low; at--) {
      const json = this.#kept.get(prefix + at)
      if (json === undefined) return null
      found.push(json)
    }
    return found
  }
}

function keyPrefix({ ownerId, id, revision }: LinkPositions, numbering: Numbering, { pii, zone }: VisitView): string {
  return `${ownerId}/${id}/${revision}/${numbering}/${pii}/${zone}/`
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
