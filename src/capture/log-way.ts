import { isDatabaseAway } from '../database/errors.js'
import type { Database } from '../database/open.js'
import { requireWritable } from '../database/session.js'
import { inTransaction } from '../database/transaction.js'
import { commitVisits } from './commit.js'
import type { Way } from './way.js'

/** Visits are safe when they are in the log. Half of the pool's connections are for readers and for the replay. */
export function logWay(db: Database): Way {
  return {
    name: 'the database',
    lanes: Math.max(1, Math.floor((db.pool.options.max ?? 10) / 2)),
    commit: (ownerId, visits, options) => commitVisits(db, ownerId, visits, { ...options, isLive: true }),
    probe: (signal) => inTransaction(db, requireWritable, signal),
    isAway: isDatabaseAway,
  }
}
