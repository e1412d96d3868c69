import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { readDatabaseUrl } from '../config/database-url.js'
import { openSession } from './session.js'

/** Whether and how connections are handed around, and what that means for statements. */
export interface Pooling {
  isPooled: boolean
  /** Whether statements may be prepared under names that a connection remembers. */
  isPrepared: boolean
}

/**
 * Finds out whether something between here and PostgreSQL hands connections around, such as PgBouncer: then the process that a
 * connection was told it talks to is not the one that answers it. What only passes bytes on does not count.
 *
 * @param prepare auto: not through a pooler, and not where the address says `pgbouncer=true`
 */
export async function findPooling(url: string, prepare: 'auto' | 'on' | 'off'): Promise<Pooling> {
  // Whether it is a pooler, which refuses settings, is the question.
  const client = await openSession(url, { isPooled: true })
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    // Kept by the driver, for cancelling, and not in its types.
    const isPooled = rows[0]?.pid !== (client as unknown as { processID: number }).processID
    const isPrepared = prepare === 'auto' ? !isPooled && !readDatabaseUrl(url).isUnprepared : prepare === 'on'
    return { isPooled, isPrepared }
  } finally {
    await client.end()
  }
}

/**
 * Whether a session at one address hears what is said at the other (LISTEN, NOTIFY): servers tell each other so that a token is
 * revoked or a link has changed. It does not through a pooler, nor at another database.
 */
export async function isHeard(directUrl: string, url: string): Promise<boolean> {
  const channel = `smart_link_${randomUUID().replaceAll('-', '')}`
  // A pooler would refuse settings, and that is not the question.
  const listener = await openSession(directUrl, { isPooled: true })
  try {
    const heard = new Promise<boolean>((resolve) => listener.once('notification', () => resolve(true)))
    await listener.query(`LISTEN ${channel}`)
    const speaker = await openSession(url, { isPooled: true })
    await speaker.query('SELECT pg_notify($1, $2)', [channel, '']).finally(() => speaker.end())
    return await Promise.race([heard, silence(listener)])
  } finally {
    await listener.end()
  }
}

/** A connection that is asked again after the word was said would have heard it before the answer. */
async function silence(listener: pg.Client): Promise<boolean> {
  await listener.query('SELECT')
  return false
}
