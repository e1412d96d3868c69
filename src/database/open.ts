import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { whenCancelled } from './cancel.js'
import { epochCheck } from './log-epoch.js'
import { PrismaClient } from './prisma/client.js'
import {
  beginWith,
  connectLimitMs,
  openSession,
  SessionClient,
  type SessionLimits,
  serverLimits,
  sessionConfig,
  settleSession,
} from './session.js'

/**
 * One PostgreSQL, reached in two ways over one pool: `prisma` for ordinary queries, `pool` for the hand-written
 * statements of the visit log, where Prisma's raw layer costs half the rate.
 */
export interface Database {
  prisma: PrismaClient
  pool: pg.Pool
  /** The statement that begins a transaction. */
  begin: string
  /** A connection to PostgreSQL itself, for what belongs to a session; whoever asks ends it. */
  connectDirectly(): Promise<pg.Client>
  /** A connection like those of the pool, and not of it; whoever asks ends it. */
  connectAside(): Promise<pg.Client>
  /** Other servers with the same content, a little later. */
  replicas: Replicas
  close(): Promise<void>
}

/** Replicas that what was recorded before can be read from. Nothing is ever written there. */
export interface Replicas {
  readonly replicas: ReplicaReading[]
  /** Whether any can be read from now. */
  readonly isUsable: boolean
  /**
   * Reads from one of them.
   *
   * @param work must tell by what it reads there whether the replica is far enough, and give null where it is not
   * @returns null for that, and where none can be read from: then the primary is to be asked
   * @throws only what isStatementTimeout recognises
   */
  read<T>(work: (db: Database) => Promise<T | null>): Promise<T | null>
  close(): Promise<void>
}

/** How it is with one replica. */
export interface ReplicaReading {
  /** Host and port. */
  readonly name: string
  readonly isUsable: boolean
  /** How long ago the primary was where the replica is; null while it is not known. */
  readonly lagMs: number | null
  /** Reads that it answered, that it was not far enough for, and that failed. */
  readonly counts: { answered: number; behind: number; failed: number }
}

const noReplicas: Replicas = { replicas: [], isUsable: false, read: async () => null, close: async () => {} }

export interface DatabaseOptions {
  url: string
  /** PostgreSQL itself, where the other leads to a pooler. */
  directUrl?: string
  /** Through a pooler that gives a transaction any connection, and the next transaction another. */
  isPooled?: boolean
  /** Whether statements are prepared under names that a connection remembers. */
  isPrepared?: boolean
  /** Only read from: it has the epoch of the primary (log-epoch.ts) as soon as it has what the epoch is about. */
  isReplica?: boolean
  /** Most connections at once. */
  connections: number
  limits?: SessionLimits
  /** Told of connections that broke while idle. */
  onError?: (error: Error) => void
}

/** Opens the pool; connects at the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, directUrl = url, isPooled = false, isPrepared = true, isReplica = false, connections } = options
  const { limits = serverLimits, onError = () => {} } = options
  const checkEpoch = isReplica ? async () => {} : epochCheck(!isPooled)
  const pool = new pg.Pool({
    ...sessionConfig(url, { isPooled, limits }),
    Client: SessionClient,
    max: connections,
    onConnect: async (client) => {
      if (isPooled) await settle(client)
      await checkEpoch(client)
    },
    // Queries that are sent without waiting go out without waiting (transaction.ts).
    pipeline: true,
  })
  pool.on('error', onError)
  pool.on('connect', (client) => {
    if (!isPrepared) leaveOutNames(client)
  })
  // The next one may lead to another server, or to a database that takes writes again.
  pool.on('release', (_, client) => {
    if (client instanceof SessionClient && client.isReadOnly) client.end().catch(() => {})
  })
  const adapter = new PrismaPg(pool, { statementNameGenerator: ({ sql }) => statementName(sql), onPoolError: onError })
  const prisma = new PrismaClient({ adapter })
  return {
    prisma,
    pool,
    begin: isPooled ? beginWith(limits) : 'BEGIN',
    connectDirectly: () => openSession(directUrl, { limits }),
    connectAside: async () => {
      const client = await openSession(url, { isPooled, limits })
      await checkEpoch(client)
      return client
    },
    replicas: noReplicas,
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
      await whenCancelled()
    },
  }
}

async function settle(client: pg.ClientBase): Promise<void> {
  // A pooler that answers while PostgreSQL does not would keep the statement waiting.
  await client.query(inTime({ text: settleSession }, connectLimitMs))
}

/** The next transaction may be on a connection that does not know the name. Planning each time costs a few per cent. */
function leaveOutNames(client: pg.PoolClient): void {
  const { query } = client
  const nameless = (given: unknown) =>
    given instanceof Object && 'name' in given && 'text' in given ? { ...given, name: undefined } : given
  Object.assign(client, {
    query: (first: unknown, ...rest: unknown[]) => Reflect.apply(query, client, [nameless(first), ...rest]),
  })
}

/** A hand-written statement, prepared once a connection under a name made from its text. */
export function statement(text: string): (values: unknown[]) => pg.QueryConfig {
  const name = statementName(text)
  return (values) => ({ name, text, values })
}

/**
 * The owner, `$1`, as a statement asks rows for it: hidden from the planner. Of an owner whose rows came after the last ANALYZE it
 * would believe that there are none, and that reading all of them is as good as looking one up by its key.
 */
export const anyOwner = '(SELECT $1::int8)'

/** A query whose rows are arrays of PostgreSQL's own texts, not parsed. */
export function asTexts(query: pg.QueryConfig): pg.QueryArrayConfig {
  return { ...query, rowMode: 'array', types: { getTypeParser: () => (text: string) => text } }
}

/**
 * A query that gives its connection up, with all that was sent over it, when no answer has come for so long: one whose other
 * end is gone without a word would keep it for a quarter of an hour.
 */
export function inTime<Query extends pg.QueryConfig | pg.QueryArrayConfig>(query: Query, limitMs = 25_000): Query {
  return Object.assign({ ...query }, { query_timeout: limitMs })
}

const names = new Map<string, string>()

function statementName(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `s${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`
  if (names.size < 1000) names.set(text, name)
  return name
}
