import { PassThrough } from 'node:stream'
import type pg from 'pg'
import { migrationsDirectory } from '../database/connect.js'
import { migrationNames } from '../database/migrate.js'
import { closeForWriting, openForWriting, placeOf } from '../database/moved.js'
import { openSession } from '../database/session.js'
import { catchUp } from './catch-up.js'
import { BackupError } from './error.js'
import { restoreBackup } from './restore.js'
import { type Backup, writeBackup } from './write.js'

export interface MoveOptions {
  signal: AbortSignal
  copied?: ((rows: number, total: number) => void) | undefined
  finishing?: ((done: number, total: number) => void) | undefined
}

export interface Move {
  rows: number
  /** Rows that came or changed while the others were copied. */
  caughtUp: number
  /** For so long nothing could be written, here or there. */
  stopMs: number
}

/**
 * Moves everything into another database. It is copied while everybody goes on writing; then writing ends here, what has changed
 * meanwhile follows, and all of it comes into sight there. What fails before that leaves this database as it was.
 *
 * @throws BackupError
 */
export async function moveDatabase(
  from: string,
  to: string,
  { signal, copied, finishing }: MoveOptions,
): Promise<Move> {
  const source = await openSession(from, { name: 'smart-link move' })
  const abort = () => source.connection.stream.destroy()
  signal.addEventListener('abort', abort)
  let closedAt: number | null = null
  let caughtUp = 0
  try {
    // A move that was killed may have closed it.
    await source.query('SET default_transaction_read_only = off')
    const written = await copyDatabase(source, to, {
      ...{ signal, copied, finishing },
      last: async (copy, { xmin }) => {
        closedAt = performance.now()
        await closeForWriting(source, placeOf(to))
        caughtUp = await catchUp(source, copy, xmin)
      },
    })
    return { rows: written.rows, caughtUp, stopMs: performance.now() - (closedAt ?? performance.now()) }
  } catch (error) {
    if (closedAt !== null) await reopen(from, to, error)
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
    await source.end().catch(() => {})
  }
}

/**
 * Copies everything as it is at one moment into another database, which has nothing of ours.
 *
 * @param options.last done with the copy's session before the copy comes into sight
 */
export async function copyDatabase(
  source: pg.Client,
  to: string,
  { signal, copied, finishing, last }: MoveOptions & { last: (copy: pg.Client, made: Backup) => Promise<void> },
): Promise<Backup> {
  const pipe = new PassThrough()
  // Whoever reads or writes it hears of it by a promise, and may have gone already.
  pipe.on('error', () => {})
  const stop = (error: Error) => {
    pipe.destroy(error)
    throw error
  }
  const known = await migrationNames(migrationsDirectory)
  const options = { ownerId: null, jwtSecret: null, known, signal, ...(copied && { progress: copied }) }
  const writing = writeBackup(source, pipe, options).then((made) => {
    pipe.end()
    return made
  }, stop)
  const restoring = restoreBackup(to, pipe, {
    ...{ signal, moving: async (copy: pg.Client) => last(copy, await writing) },
    ...(finishing && { finishing }),
  }).catch(stop)
  const [written, restored] = await Promise.allSettled([writing, restoring])
  if (restored.status === 'rejected') throw restored.reason
  if (written.status === 'rejected') throw written.reason
  return written.value
}

/** Unless the copy may be in sight: then both would be written to. */
async function reopen(from: string, to: string, cause: unknown): Promise<void> {
  if (await hasOwners(to).catch(() => true)) {
    throw new BackupError(
      'The connection was lost at the last moment. If there are owners in the new database, it is done; if not, smart-link move --undo.',
      { cause },
    )
  }
  const client = await openSession(from, { name: 'smart-link move' })
  await openForWriting(client).finally(() => client.end())
}

async function hasOwners(url: string): Promise<boolean> {
  const client = await openSession(url, { name: 'smart-link move' })
  try {
    const { rows } = await client.query<{ there: boolean }>("SELECT to_regclass('public.owners') IS NOT NULL AS there")
    return rows[0]?.there === true && (await client.query('SELECT FROM public.owners LIMIT 1')).rowCount !== 0
  } finally {
    await client.end()
  }
}
