import type { PoolClient } from 'pg'
import pg from 'pg'
import { isStatementTimeout } from './errors.js'
import { type Database, openDatabase, statement } from './open.js'
import { findPooling } from './pooler.js'

/** How far a server's log of changes reaches (WAL), and which log that is. */
export interface LogState {
  /** Of the cluster that the server was made as or copied from. */
  system: string
  /** Another one begins with each promotion. */
  timeline: number
  /** In bytes. */
  position: number
}

export interface ReplicaOptions {
  url: string
  connections: number
  /** Whether statements are prepared under names; auto: not through a pooler. */
  prepare: 'auto' | 'on' | 'off'
  log: ReplicaLog
}

export interface ReplicaLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** How long a replica may take to say how far it is. */
const lookLimitMs = 2_000
/** After a read failed. */
const restMs = 5_000

/** One streaming replica: whether it can be read from, and how its reads went. */
export class Replica {
  /** Host and port. */
  readonly name: string
  /** Reads that it answered, that it was not far enough for, and that failed. */
  readonly counts = { answered: 0, behind: 0, failed: 0 }
  /** null while it is not known. */
  lagMs: number | null = null
  readonly #options: ReplicaOptions
  #db: Database | null = null
  #opening: Promise<Database> | null = null
  #clients = new Set<PoolClient>()
  #giveUps = new Set<(error: Error) => void>()
  /** Why it is not read from; null: it is. */
  #problem: string | null = 'it has not been asked yet'
  #restUntil = 0

  constructor(options: ReplicaOptions) {
    this.#options = options
    const { hostname, port } = new URL(options.url)
    this.name = `${hostname}:${port || 5432}`
  }

  get isUsable(): boolean {
    return this.#problem === null && performance.now() >= this.#restUntil
  }

  /** @throws when it cannot be asked, or takes too long */
  async look(): Promise<LogState & { isReplica: boolean }> {
    const asking = this.#ask()
    asking.catch(() => {})
    return this.#unlessGivenUp(asking, lookLimitMs)
  }

  /** Says once when it is not read from any more, and once when it is again. */
  judge(problem: string | null): void {
    const { log } = this.#options
    const fields = { replica: this.name, reason: problem }
    if (problem !== null && this.#problem !== problem) log.warn(fields, 'a replica is not read from')
    if (problem === null && this.#problem !== null) log.info({ replica: this.name }, 'a replica is read from')
    this.#problem = problem
  }

  /** It does not answer: whoever waits for it goes elsewhere, and the next connections are new ones. */
  lose(problem: string): void {
    this.lagMs = null
    this.judge(problem)
    for (const giveUp of this.#giveUps) giveUp(new Error(`the replica is lost: ${problem}`))
    const db = this.#db
    this.#db = null
    // The pool would wait for what was sent.
    for (const client of this.#clients) if (client instanceof pg.Client) client.connection.stream.destroy()
    this.#clients.clear()
    db?.close().catch(() => {})
  }

  /**
   * @param work gives null where the replica is not far enough
   * @returns null for that, and when it failed: then it is left alone for a while
   * @throws only what isStatementTimeout recognises, of a limit of ours
   */
  async read<T>(work: (db: Database) => Promise<T | null>): Promise<T | null> {
    const db = this.#db
    if (db === null) return null
    try {
      const answer = await this.#unlessGivenUp(work(db))
      this.counts[answer === null ? 'behind' : 'answered'] += 1
      return answer
    } catch (error) {
      if (isStatementTimeout(error)) throw error
      // What is missing there may only not be there yet.
      if (!isFailure(error)) this.counts.behind += 1
      else this.#fail(error)
      return null
    }
  }

  async close(): Promise<void> {
    this.#problem = 'the server stops'
    await this.#opening?.catch(() => {})
    const db = this.#db
    this.#db = null
    await db?.close()
  }

  #fail(error: Error): void {
    this.counts.failed += 1
    // One line for all that fail together.
    if (this.isUsable) this.#options.log.warn({ replica: this.name, err: error }, 'a read from a replica failed')
    this.#restUntil = performance.now() + restMs
  }

  async #ask(): Promise<LogState & { isReplica: boolean }> {
    const db = this.#db ?? (await this.#openOnce())
    const { rows } = await db.pool.query<LogState & { isReplica: boolean }>(replicaState([]))
    if (rows[0] === undefined) throw new Error('a statement without an answer')
    return rows[0]
  }

  /** A look that is given up leaves its opening to the next. */
  #openOnce(): Promise<Database> {
    this.#opening ??= this.#open()
      .then((db) => {
        this.#db = db
        return db
      })
      .finally(() => {
        this.#opening = null
      })
    return this.#opening
  }

  async #open(): Promise<Database> {
    const { url, connections, prepare } = this.#options
    const db = openDatabase({ url, ...(await findPooling(url, prepare)), isReplica: true, connections })
    db.pool.on('connect', (client) => {
      this.#clients.add(client)
      client.once('end', () => this.#clients.delete(client))
    })
    return db
  }

  /** For as long as the replica is not lost, and no longer than a limit. */
  async #unlessGivenUp<T>(work: Promise<T>, limitMs?: number): Promise<T> {
    let giveUp: (error: Error) => void = () => {}
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = reject
    })
    const late = () => giveUp(new Error(`no answer in ${limitMs} ms`))
    const timer = limitMs === undefined ? null : setTimeout(late, limitMs)
    this.#giveUps.add(giveUp)
    try {
      return await Promise.race([work, givenUp])
    } finally {
      this.#giveUps.delete(giveUp)
      if (timer) clearTimeout(timer)
    }
  }
}

/** Of the database or the way to it, and not what our own code makes of an answer. */
function isFailure(error: unknown): error is Error {
  return error instanceof Error && !('status' in error)
}

const replicaState = statement(`
SELECT pg_is_in_recovery() AS "isReplica",
  coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::float8 AS position,
  (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline,
  (SELECT system_identifier::text FROM pg_control_system()) AS system`)
