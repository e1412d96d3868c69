/**
 * A process that appends visits to the log at argv[2]: batch after batch as its parent says, each answered once it has
 * committed. It ends with its parent.
 */
import { openDatabase } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import type { NewVisit } from '../../src/visits/visit.js'

export interface WriterOrder {
  ownerId: number
  batches: NewVisit[][]
}

/** Sent once when the process is ready, then after each batch. */
export type WriterAnswer = { ready: true } | { batch: number } | { failure: string }

const answer = (message: WriterAnswer) => process.send?.(message)

const db = openDatabase({ url: process.argv[2] ?? '', connections: 1 })
Object.assign(db.pool.options, { connectionTimeoutMillis: 60_000 })
await db.pool.query('SELECT')

process.on('disconnect', () => process.exit())
process.on('message', ({ ownerId, batches }: WriterOrder) => {
  writeAll(ownerId, batches).catch((error: unknown) => answer({ failure: String(error) }))
})
answer({ ready: true })

async function writeAll(ownerId: number, batches: NewVisit[][]) {
  for (const [batch, visits] of batches.entries()) {
    await appendVisits(db, ownerId, visits)
    answer({ batch })
  }
}
