import type { PoolClient, QueryArrayConfig, QueryArrayResult } from 'pg'
import type { Database } from './open.js'

/** A connection of the pool, and how many answers are to come over it. */
interface Line {
  client: Promise<PoolClient>
  underWay: number
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
  #line: Line | null = null

  constructor(db: Database) {
    this.#db = db
  }

  async query<Row extends unknown[]>(statement: QueryArrayConfig): Promise<QueryArrayResult<Row>> {
    this.#line ??= { client: this.#db.pool.connect(), underWay: 0 }
    const line = this.#line
    line.underWay += 1
    try {
      return await (await line.client).query<Row>(statement)
    } catch (error) {
      // It may be the connection that failed: what comes from now on takes another.
      this.#leave(line)
      throw error
    } finally {
      line.underWay -= 1
      if (line.underWay === 0) this.#letGo(line)
    }
  }

  #leave(line: Line): void {
    if (this.#line === line) this.#line = null
  }

  /** The pool drops a connection that broke. */
  #letGo(line: Line): void {
    this.#leave(line)
    line.client.then(
      (client) => client.release(),
      () => {},
    )
  }
}
