import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import type pg from 'pg'
import { codeOf } from './embedded-error.js'
import { ROLE } from './embedded-initdb.js'
import { SessionClient } from './session.js'

/** One connection that says "this process uses the server", by a shared lock. It does not keep Node alive. */
export type Seat = {
  port: number
  client: pg.Client
  socket: Socket
  /** Calls back once when the connection ends, whatever the reason. */
  whenLost(callback: () => void): void
  give(): Promise<void>
}

/** In the database `postgres`, which is nobody's: the application's locks and `DROP DATABASE` never meet it. */
const PRESENCE_LOCK = 5_170_018

/**
 * Takes a seat in the server on that port, once it has proved to be the server of the folder: it knows the password
 * (scram proves both sides) and its data folder is ours, not a copy's.
 *
 * @returns 'busy' while it starts, recovers or shuts down; 'silent' when nothing of ours answers
 */
export async function takeSeat(
  site: { folder: string; password: string },
  port: number,
): Promise<Seat | 'busy' | 'silent'> {
  const socket = new Socket()
  // A lost connection shows as 'end'.
  const client = new SessionClient({
    ...{ host: '127.0.0.1', port, user: ROLE, password: site.password, database: 'postgres', ssl: false },
    ...{ application_name: 'smart-link presence', connectionTimeoutMillis: 10_000, stream: () => socket },
    ...{ sslnegotiation: 'postgres', isScramRequired: true },
  })
  try {
    await client.connect()
    const { rows } = await client.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder")
    if (!(await isSameFolder(rows[0]?.folder ?? '', site.folder))) throw new Error("another folder's server")
    // Waits while the last one leaves, and is then cut off together with the server.
    await client.query('SELECT pg_advisory_lock_shared($1)', [PRESENCE_LOCK])
  } catch (error) {
    socket.destroy()
    return ['57P01', '57P02', '57P03'].includes(codeOf(error) ?? '') ? 'busy' : 'silent'
  }
  socket.unref()
  return {
    port,
    client,
    socket,
    whenLost: (callback) => client.once('end', callback),
    give: () => client.end().catch(() => {}),
  }
}

/**
 * Whether nobody else has a seat. If so nobody can take one any more: the lock is then held exclusively, so that a
 * newcomer waits until the server is gone instead of being cut off in its work.
 */
export async function isLastSeat({ client, socket }: Seat): Promise<boolean> {
  // From here on someone waits for the answer.
  socket.ref()
  try {
    // Given up first: two that leave at the same time would otherwise each see the other and both leave it running.
    await client.query('SELECT pg_advisory_unlock_shared($1)', [PRESENCE_LOCK])
    const { rows } = await client.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [PRESENCE_LOCK])
    return rows[0]?.last === true
  } catch {
    // The server went away by itself.
    return false
  }
}

async function isSameFolder(theirs: string, ours: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(theirs).catch(() => null), stat(ours)])
  return a !== null && a.dev === b.dev && a.ino === b.ino
}
