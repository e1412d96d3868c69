import pg, { type PoolClient, type QueryArrayConfig, type QueryArrayResult } from 'pg'
import { type Database, inTime } from './open.js'

/** A connection of the pool, and how many answers are to come over it. */
interface Line {
  client: Promise<PoolClient>
  underWay: number
  isBroken: boolean
}

/**
 * Sends statements over one connection of the pool without waiting for the answers to those before. PostgreSQL goes on with the
 * next while this process is busy with the last, and neither has to be woken up for each.
 *
 * For statements that are short and alone: each is a transaction of its own, and waits for those before. The connection is
 * held while there is something under way.
 */
export class Pipeline {
  readonly #db: Database
  readonly #limitMs: number | undefined
  #line: Line | null = null

  /** @param limitMs how long an answer may take (`inTime`) */
  constructor(db: Database, limitMs?: number) {
    this.#db = db
    this.#limitMs = limitMs
  }

  async query<Row extends unknown[]>(statement: QueryArrayConfig): Promise<QueryArrayResult<Row>> {
    this.#line ??= { client: this.#db.pool.connect(), underWay: 0, isBroken: false }
    const line = this.#line
    line.underWay += 1
    try {
      return await (await line.client).query<Row>(inTime(statement, this.#limitMs))
    } catch (error) {
      // What comes from now on takes another connection, in case it was this one that failed.
      this.#leave(line)
      line.isBroken ||= !(error instanceof pg.DatabaseError)
      throw error
    } finally {
      line.underWay -= 1
      if (line.underWay === 0) this.#letGo(line)
    }
  }

  #leave(line: Line): void {
    if (this.#line === line) this.#line = null
  }

  #letGo(line: Line): void {
    this.#leave(line)
    line.client.then(
      (client) => client.release(line.isBroken),
      () => {},
    )
  }
}
