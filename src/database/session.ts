import pg from 'pg'
import { joinOptions, readDatabaseUrl, sessionSettings, switches } from '../config/database-url.js'

export interface SessionOptions {
  /** What the database calls it (pg_stat_activity). */
  name?: string
  /** Through a pooler, which refuses settings at the beginning: `settleSession` makes them. */
  isPooled?: boolean
  /** Besides those that every session has. */
  settings?: Readonly<Record<string, string>>
}

export interface SessionConfig extends pg.ClientConfig {
  isScramRequired: boolean
}

/** How long connecting may take. */
export const connectLimitMs = 5_000

/**
 * What a connection of ours is made with. Settings that statements rely on are our own, whatever the address or PG* variables say
 * (config/database-url.ts).
 *
 * @throws AddressError
 */
export function sessionConfig(url: string, options: SessionOptions = {}): SessionConfig {
  const { name = 'smart-link', isPooled = false, settings = {} } = options
  const address = readDatabaseUrl(url)
  // Some are idle by nature, and the pool closes its own.
  const own = isPooled ? [] : switches({ ...sessionSettings, idle_session_timeout: '0', ...settings })
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

interface Internals {
  connectionParameters: { options: string | undefined; replication: string | undefined }
}

/** A connection that is as its configuration says and not otherwise, of a pool or alone. */
export class SessionClient extends pg.Client {
  /** Whether the server has refused a write. What makes a session read-only at its beginning may have changed for the next one. */
  isReadOnly = false

  constructor(config: Partial<SessionConfig> = {}) {
    super(config)
    // Kept by the driver, and not in its types. What is not configured it would take from PGOPTIONS and PGREPLICATION.
    const { connectionParameters } = this as unknown as Internals
    connectionParameters.options = config.options
    connectionParameters.replication = undefined
    // A connection lost between two statements fails the next; without a listener it would end the process.
    this.on('error', () => {})
    this.connection.on('errorMessage', ({ code }: { code?: string }) => {
      this.isReadOnly ||= code === '25006'
    })
    if (config.isScramRequired === true) this.#insistOnScram()
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
