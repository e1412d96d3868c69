import { LRUCache } from 'lru-cache'
import { type Database, statement } from '../database/open.js'
import type { LinkPositions } from '../links/repository.js'
import { type VisitView, visitJson } from './resource.js'

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
    const { rows } = await this.#db.pool.query<Row>(
      ranges[numbering]([link.ownerId, link.id, low, high, view.pii, view.zone]),
    )
    for (const { at, json } of rows) this.#kept.set(prefix + at, json)
    return rows.map(({ json }) => json)
  }

  /** Rows with these numbers, in their order. */
  async list(link: LinkPositions, seqs: number[], view: VisitView): Promise<string[]> {
    const prefix = keyPrefix(link, 'seq', view)
    const missing = seqs.filter((seq) => !this.#kept.has(prefix + seq))
    const read = new Map<number, string>()
    if (missing.length > 0) {
      const { rows } = await this.#db.pool.query<Row>(listed([link.ownerId, link.id, missing, view.pii, view.zone]))
      for (const { at, json } of rows) {
        read.set(Number(at), json)
        this.#kept.set(prefix + at, json)
      }
    }
    return seqs.flatMap((seq) => read.get(seq) ?? this.#kept.get(prefix + seq) ?? [])
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

interface Row {
  /** The row's number, as text. */
  at: string
  json: string
}

function keyPrefix({ ownerId, id, revision }: LinkPositions, numbering: Numbering, { pii, zone }: VisitView): string {
  return `${ownerId}/${id}/${revision}/${numbering}/${pii}/${zone}/`
}

const { columns, joins } = visitJson('$5', '$6')

const rangeBy = (numbering: Numbering) =>
  statement(`
SELECT v.${numbering}::text AS at, ${columns} FROM visits v ${joins}
WHERE v.user_id = $1 AND v.link_id = $2 AND v.${numbering} BETWEEN $3 AND $4
ORDER BY v.${numbering} DESC`)

const ranges = { seq: rangeBy('seq'), human_seq: rangeBy('human_seq') }

const list = visitJson('$4', '$5')

const listed = statement(`
SELECT v.seq::text AS at, ${list.columns} FROM visits v ${list.joins}
WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq = ANY($3::int8[])`)
