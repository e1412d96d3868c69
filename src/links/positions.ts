import { currentEpoch } from '../database/log-epoch.js'
import { asTexts, type Database, inTime, statement } from '../database/open.js'
import { SharedReads } from '../database/shared-reads.js'

/** A link of an owner. */
export interface LinkKey {
  ownerId: number
  id: number
}

/** How far a link's log reaches, at the moment of reading. */
export interface LinkPositions extends LinkKey {
  /** Number of the newest visit, and of the oldest that is kept. */
  visits: number
  firstSeq: number
  /** The same over the visits of people. */
  humanVisits: number
  firstHumanSeq: number
  /** Raised by everything that changes visits already recorded. */
  revision: number
  /** When the newest visit was recorded. */
  lastRecordedAt: Date | null
  /** Number in the account of its newest visit that was blanked; 0: none. */
  lastErased: number
  /** In which these numbers were given (log-epoch.ts). */
  epoch: number
}

/** All of it as one array, for statements that read a link together with something else. */
export const positionsColumn = `ARRAY[visits, first_seq, human_visits, first_human_seq, revision,
  (extract(epoch FROM last_recorded_at) * 1000)::int8, last_erased, ${currentEpoch}]`

/** @param text what PostgreSQL gives for an array of numbers, such as `{1,NULL}` */
export function numbersOf(text: string): number[] {
  return text.slice(1, -1).split(',').map(Number)
}

/** @param numbers those of `positionsColumn` */
export function positionsOf({ ownerId, id }: LinkKey, numbers: number[]): LinkPositions {
  const [visits = 0, firstSeq = 1, humanVisits = 0, firstHumanSeq = 1, revision = 0, ...others] = numbers
  const [recordedAt = Number.NaN, lastErased = 0, epoch = 0] = others
  const lastRecordedAt = Number.isNaN(recordedAt) ? null : new Date(recordedAt)
  return { ownerId, id, visits, firstSeq, humanVisits, firstHumanSeq, revision, lastRecordedAt, lastErased, epoch }
}

/** Positions of links, read together for all requests of a moment; undefined for what is not there. */
export type PositionReads = SharedReads<LinkKey, LinkPositions | undefined>

export function positionReads(db: Database): PositionReads {
  const read = async (keys: LinkKey[]) => {
    const values = [keys.map(({ ownerId }) => ownerId), keys.map(({ id }) => id)]
    const { rows } = await db.pool.query<[owner: string, link: string, numbers: string]>(
      inTime(asTexts(positions(values))),
    )
    const found = new Map(rows.map(([owner, link, numbers]) => [`${owner}/${link}`, numbersOf(numbers)]))
    return keys.map((key) => {
      const numbers = found.get(`${key.ownerId}/${key.id}`)
      return numbers && positionsOf(key, numbers)
    })
  }
  return new SharedReads({ read, most: 1_000, mostInFlight: 1 })
}

// OFFSET 0: each link is looked up by its key, however few links there are. How many are asked for is hidden from the
// planner, so that it plans once and not for each request.
const positions = statement(`
SELECT l.* FROM (
  SELECT DISTINCT owner, link FROM unnest((SELECT $1::int8[]), (SELECT $2::int8[])) AS a (owner, link)
) asked
CROSS JOIN LATERAL (
  SELECT user_id, id, ${positionsColumn} FROM links
  WHERE user_id = asked.owner AND id = asked.link AND deleted_at IS NULL OFFSET 0
) l`)
