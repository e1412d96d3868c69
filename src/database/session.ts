import pg from 'pg'
import { joinOptions, readDatabaseUrl, sessionSettings, switches } from '../config/database-url.js'
import { cancelStatement } from './cancel.js'

export interface SessionOptions {
  /** What the database calls it (pg_stat_activity). */
  name?: string
  /** Through a pooler, which refuses settings at the beginning: `settleSession` makes them. */
  isPooled?: boolean
  limits?: SessionLimits
  /** Besides those that every session has. */
  settings?: Readonly<Record<string, string>>
}

export interface SessionConfig extends pg.ClientConfig {
  isScramRequired: boolean
}

/** How long connecting may take. */
export const connectLimitMs = 5_000

/** Time limits that PostgreSQL keeps for us, in milliseconds: they hold whatever becomes of the process that has a session. */
export interface SessionLimits {
  /** Of a wait for a lock. */
  lockMs: number
  /**
   * Between two statements of a transaction. A process that was frozen there, or whose machine is gone, would keep its locks for ever;
   * no step of ours takes that long.
   */
  idleMs: number
}

/** Whoever asks a server for something is told soon that a lock is not to be had, and holds a connection for no longer. */
export const serverLimits: SessionLimits = { lockMs: 5_000, idleMs: 15_000 }

/** Commands outlast a process that was frozen with a lock. */
export const commandLimits: SessionLimits = { ...serverLimits, lockMs: 60_000 }

/**
 * What a connection of ours is made with. Settings that statements rely on are our own, whatever the address or PG* variables say
 * (config/database-url.ts).
 *
 * @throws AddressError
 */
export function sessionConfig(url: string, options: SessionOptions = {}): SessionConfig {
  const { name = 'smart-link', isPooled = false, limits = serverLimits, settings = {} } = options
  const address = readDatabaseUrl(url)
  // Some sessions are idle by nature, and the pool closes its own.
  const timeouts = { idle_session_timeout: '0', ...limitSettings(limits) }
  const own = isPooled ? [] : switches({ ...sessionSettings, ...timeouts, ...settings })
  const given = [...address.options, ...own]
  return {
    connectionString: address.url,
    application_name: name,
    client_encoding: 'utf8',
    ...(given.length > 0 && { options: joinOptions(given) }),
    enableChannelBinding: address.isChannelBound,
    isScramRequired: address.isScramRequired,
    connectionTimeoutMillis: connectLimitMs,
    // A host that is gone without a word is found out while an answer is waited for, unless more is sent meanwhile.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

function limitSettings({ lockMs, idleMs }: SessionLimits): Record<string, string> {
  return { lock_timeout: String(lockMs), idle_in_transaction_session_timeout: String(idleMs) }
}

/** The beginning of a transaction through a pooler, which refuses settings at the beginning of a connection: they hold until its end. */
export function beginWith(limits: SessionLimits): string {
  const set = ([name, value]: [string, string]) => `SET LOCAL ${name} = ${value}`
  return ['BEGIN', ...Object.entries(limitSettings(limits)).map(set)].join('; ')
}

/** Kept by the driver, and not in its types. */
interface Internals {
  connectionParameters: { options: string | undefined; replication: string | undefined }
  processID: number | null
  secretKey: number | null
  sslNegotiation: string
  _getActiveQuery(): unknown
  _sentQueryQueue: unknown[]
}

/** A connection that is as its configuration says and not otherwise, of a pool or alone. */
export class SessionClient extends pg.Client {
  /** Whether the server has refused a write. What makes a session read-only at its beginning may have changed for the next one. */
  isReadOnly = false
  /** What the server has ended the session with, such as that a transaction stood still. */
  endedBy: Error | null = null
  #isCancelled = false

  constructor(config: Partial<SessionConfig> = {}) {
    super(config)
    // What is not configured the driver would take from PGOPTIONS and PGREPLICATION.
    const { connectionParameters } = this as unknown as Internals
    connectionParameters.options = config.options
    connectionParameters.replication = undefined
    // A connection lost between two statements fails the next; without a listener it would end the process.
    this.on('error', () => {})
    this.connection.on('errorMessage', (error: pg.DatabaseError) => {
      this.isReadOnly ||= error.code === '25006'
      if (error.severity === 'FATAL') this.endedBy = error
    })
    if (config.isScramRequired === true) this.#insistOnScram()
    // Before the driver forgets what it has sent. The server would go on with it, and wait for locks until it has them.
    this.connection.once('end', () => void this.#cancel())
  }

  /**
   * Ends what it is asked at once: PostgreSQL cancels the statement, and the connection is closed. A pooler knows whose statement it is
   * only while the connection is there, so that is closed last.
   */
  async giveUp(): Promise<void> {
    await this.#cancel()
    this.connection.stream.destroy()
  }

  async #cancel(): Promise<void> {
    const { processID, secretKey, sslNegotiation, _sentQueryQueue: sent } = this as unknown as Internals
    const isAsked = (this as unknown as Internals)._getActiveQuery() != null || sent.length > 0
    if (this.#isCancelled || !isAsked || processID === null || secretKey === null) return
    this.#isCancelled = true
    const { host, port, ssl } = this
    await cancelStatement({ host, port, ssl, sslNegotiation, processID, secretKey })
  }

  /**
   * Whoever took the port would be sent the password, or a hash of it, by asking for that; and statements, by asking for nothing.
   * SCRAM shows the password to nobody, and proves that the other side has it as well.
   */
  #insistOnScram(): void {
    let isProved = false
    const refuse = () => {
      // The driver's own listeners come after ours. They have nothing to send, and do not take what may have come along for a welcome.
      this.password = ''
      this.connection.removeAllListeners('readyForQuery')
      this.connection.stream.destroy(new Error('the server does not prove that it knows the password (scram-sha-256)'))
    }
    this.connection
      .on('authenticationCleartextPassword', refuse)
      .on('authenticationMD5Password', refuse)
      .on('authenticationSASLFinal', () => {
        isProved = true
      })
      .on('authenticationOk', () => {
        if (!isProved) refuse()
      })
  }
}

/** A connection outside of the pool; whoever asks ends it. */
export async function openSession(url: string, options?: SessionOptions): Promise<pg.Client> {
  const client = new SessionClient(sessionConfig(url, options))
  try {
    await client.connect()
    return client
  } catch (error) {
    client.connection.stream.destroy()
    throw error
  }
}

/** Settings that poolers remember for each of their clients, and restore (PgBouncer does). */
const restored = ['timezone', 'datestyle', 'intervalstyle', 'standard_conforming_strings']

/** The statements that make the settings which poolers refuse at the beginning of a connection. */
export const settleSession = restored.map((name) => `SET ${name} TO '${sessionSettings[name]}'`).join('; ')

/** What is not as it has to be in a session, in one sentence each. */
export async function examineSession(client: pg.Pool | pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `SELECT name, CASE WHEN name = 'search_path' THEN coalesce(current_schema()::text, '') ELSE setting END AS setting
     FROM pg_settings WHERE lower(name) = ANY ($1)`,
    [Object.keys(sessionSettings)],
  )
  return rows.flatMap(({ name, setting }) => {
    const wanted = sessionSettings[name.toLowerCase()]
    // DateStyle has an order of days and months beside it, which says how dates are read and not how they are written.
    return setting.split(',')[0] === wanted ? [] : [`${name} is ${setting || 'empty'} where it has to be ${wanted}`]
  })
}

/**
 * Fails where a write would, without one: on a standby, and in a database that somebody has made read-only.
 *
 * @throws what `isReadOnly` recognises
 */
export async function requireWritable(client: pg.Pool | pg.ClientBase): Promise<void> {
  await client.query(`DO $$
    BEGIN
      IF current_setting('transaction_read_only')::bool THEN
        RAISE 'the database takes no writes' USING ERRCODE = 'read_only_sql_transaction';
      END IF;
    END $$`)
}
