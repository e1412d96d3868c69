import { type Database, statement } from '../database/open.js'

/** Positions of a link as PostgreSQL gives them. */
export type PositionRow = Record<string, string> & { last_recorded_at: Date | null }

interface Asked {
  ownerId: number
  id: number
  resolve: (row: PositionRow | undefined) => void
  reject: (error: unknown) => void
}

/** Enough that one slow answer does not hold up all. */
const mostInFlight = 2

/**
 * Reads the rows of links for all requests of a moment together: who asks while reads are in flight shares the next one.
 * Each read starts after everyone who shares it has asked, so nobody sees an older state than a read of their own would.
 */
export class PositionReads {
  readonly #db: Database
  #asked: Asked[] = []
  #inFlight = 0

  constructor(db: Database) {
    this.#db = db
  }

  find(ownerId: number, id: number): Promise<PositionRow | undefined> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ ownerId, id, resolve, reject })
      this.#start()
    })
  }

  #start(): void {
    if (this.#inFlight >= mostInFlight || this.#asked.length === 0) return
    const asked = this.#asked.splice(0)
    this.#inFlight += 1
    this.#read(asked)
      .then(
        (rows) => {
          for (const { ownerId, id, resolve } of asked) resolve(rows.get(`${ownerId}/${id}`))
        },
        (error) => {
          for (const { reject } of asked) reject(error)
        },
      )
      .finally(() => {
        this.#inFlight -= 1
        this.#start()
      })
  }

  async #read(asked: Asked[]): Promise<Map<string, PositionRow>> {
    const links = [...new Map(asked.map((link) => [`${link.ownerId}/${link.id}`, link])).values()]
    const values = [links.map(({ ownerId }) => ownerId), links.map(({ id }) => id)]
    const { rows } = await this.#db.pool.query<PositionRow>(positions(values))
    return new Map(rows.map((row) => [`${row.user_id}/${row.id}`, row]))
  }
}

// OFFSET 0: each link is looked up by its key, however few links there are.
const positions = statement(`
SELECT l.* FROM unnest($1::int8[], $2::int8[]) AS asked (owner, link)
CROSS JOIN LATERAL (
  SELECT user_id, id, visits, first_seq, human_visits, first_human_seq, revision, last_recorded_at
  FROM links WHERE user_id = asked.owner AND id = asked.link AND deleted_at IS NULL OFFSET 0
) l`)
