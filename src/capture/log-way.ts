import { isConflict, isDatabaseAway, isDatabaseFull, isLockTimeout, isStatementTimeout } from '../database/errors.js'
import type { Database } from '../database/open.js'
import { requireWritable } from '../database/session.js'
import { commitVisits } from './commit.js'
import { isAbort } from './time-limits.js'
import type { Way } from './way.js'

/** Visits are safe when they are in the log. Half of the pool's connections are for readers and for the replay. */
export function logWay(db: Database): Way {
  return {
    name: 'the database',
    lanes: Math.max(1, Math.floor((db.pool.options.max ?? 10) / 2)),
    keepsLimits: true,
    commit: (ownerId, visits, options) => commitVisits(db, ownerId, visits, { ...options, isLive: true }),
    probe: (signal) => probe(db, signal),
    isAway: isDatabaseAway,
    isStuck: (error) => [isLockTimeout, isStatementTimeout, isConflict, isAbort].some((isIt) => isIt(error)),
  }
}

/** On a connection of its own: that all of the pool's are busy does not mean that the database is away. */
async function probe(db: Database, signal: AbortSignal): Promise<void> {
  const client = await db.connectAside().catch((error: unknown) => {
    // It answers, and those that are connected already can go on.
    if (isDatabaseFull(error)) return null
    throw error
  })
  if (client === null) return
  const giveUp = () => client.connection.stream.destroy()
  signal.addEventListener('abort', giveUp)
  try {
    signal.throwIfAborted()
    await requireWritable(client)
  } catch (error) {
    giveUp()
    signal.throwIfAborted()
    throw error
  } finally {
    await client.end()
    signal.removeEventListener('abort', giveUp)
  }
}
