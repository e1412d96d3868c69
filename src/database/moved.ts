import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { readDatabaseUrl } from '../config/database-url.js'

/** What is noted at a database that nothing is written to any more, before where it went. */
const note = 'smart-link moved to '

/**
 * Ends writing: every session that begins from now on only reads, and those that there are end. A server goes on reading, and clicks
 * go to its spool.
 *
 * @param client stays able to write; its role owns the database
 * @param place that it is moved to, without a password
 */
export async function closeForWriting(client: pg.Client, place: string): Promise<void> {
  const name = await nameOf(client)
  await client.query(`COMMENT ON DATABASE ${name} IS ${pg.escapeLiteral(note + place)}`)
  await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
  const others = 'pid <> pg_backend_pid() AND datname = current_database() AND backend_start < $1 AND backend_type = $2'
  const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  const which = [rows[0]?.now, 'client backend']
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${others}`, which)
  for (;;) {
    const { rowCount } = await client.query(`SELECT FROM pg_stat_activity WHERE ${others}`, which)
    if (rowCount === 0) return
    await wait(10)
  }
}

/** Sessions that begin from now on write again; those that do not, end. */
export async function openForWriting(client: pg.Client): Promise<void> {
  const name = await nameOf(client)
  await client.query('SET default_transaction_read_only = off')
  await client.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`)
  await client.query(`COMMENT ON DATABASE ${name} IS NULL`)
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'`,
  )
}

/** Where the database has been moved to; null: it has not. */
export async function movedTo(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ text: string | null }>(
    `SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database WHERE datname = current_database()`,
  )
  const text = rows[0]?.text ?? ''
  return text.startsWith(note) ? text.slice(note.length) : null
}

/** An address without what is secret in it. */
export function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(readDatabaseUrl(url).url)
  return `postgresql://${hostname}:${port || 5432}${pathname}`
}

async function nameOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_database()) AS name')
  return rows[0]?.name ?? ''
}
