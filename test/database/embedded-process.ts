import { setInterval } from 'node:timers'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/database/embedded.js'

/** A process that uses the embedded database and can be killed; runs under `fork` (process-of.ts). */
export type Order = 'insert' | 'stop'
export type Word = { url: string } | { committed: number } | { stopped: true } | { error: string }

const say = (word: Word) => process.send?.(word)

try {
  // A parent that is killed must not leave this process behind.
  process.on('disconnect', () => process.exit())
  const db = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '' })
  const idle = setInterval(() => {}, 60_000)
  process.on('message', async (order: Order) => {
    // Ends when the server is killed; then so does the process, as a crash would.
    if (order === 'insert') await insertForever(db.url).catch(() => process.exit(1))
    await db.stop()
    clearInterval(idle)
    say({ stopped: true })
  })
  say({ url: db.url })
} catch (error) {
  say({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
}

async function insertForever(url: string): Promise<never> {
  const client = new pg.Client(url)
  // The query in flight fails as well.
  client.on('error', () => {})
  await client.connect()
  await client.query(
    'CREATE TABLE IF NOT EXISTS kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, filler text)',
  )
  for (;;) {
    const { rows } = await client.query<{ id: string }>(
      "INSERT INTO kept (filler) VALUES (repeat('x', 500)) RETURNING id",
    )
    say({ committed: Number(rows[0]?.id) })
  }
}
