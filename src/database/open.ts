import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './prisma/client.js'

/**
 * One PostgreSQL, reached in two ways over one pool: `prisma` for ordinary queries, `pool` for the hand-written
 * statements of the visit log, where Prisma's raw layer costs half the rate.
 */
export interface Database {
  prisma: PrismaClient
  pool: pg.Pool
  close(): Promise<void>
}

export interface DatabaseOptions {
  url: string
  /** Most connections at once. */
  connections: number
  /** Told of connections that broke while idle. */
  onError?: (error: Error) => void
}

/** Opens the pool; connects at the first query. */
export function openDatabase({ url, connections, onError = () => {} }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5_000,
    application_name: 'smart-link',
    // With another zone, the adapter's timestamps would be hours off.
    options: '-c TimeZone=UTC',
  })
  pool.on('error', onError)
  // The pool listens while a connection is idle. One that breaks in the middle of a transaction would end the process,
  // though its query fails all the same.
  pool.on('connect', (client) => client.on('error', () => {}))
  const adapter = new PrismaPg(pool, { statementNameGenerator: ({ sql }) => statementName(sql), onPoolError: onError })
  const prisma = new PrismaClient({ adapter })
  return {
    prisma,
    pool,
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** A hand-written statement, prepared once a connection under a name made from its text. */
export function statement(text: string): (values: unknown[]) => pg.QueryConfig {
  const name = statementName(text)
  return (values) => ({ name, text, values })
}

/** A query whose rows are arrays of PostgreSQL's own texts, not parsed. */
export function asTexts(query: pg.QueryConfig): pg.QueryArrayConfig {
  return { ...query, rowMode: 'array', types: { getTypeParser: () => (text: string) => text } }
}

const names = new Map<string, string>()

function statementName(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `s${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`
  if (names.size < 1000) names.set(text, name)
  return name
}
