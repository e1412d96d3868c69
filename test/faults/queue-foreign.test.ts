import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.js'
import { openDatabase } from '../../src/database/open.js'
import { databaseIdOf } from '../../src/database/server-key.js'
import { examineQueue } from '../../src/doctor/queue.js'
import { encodeMessage } from '../../src/queue/message.js'
import { openQueue } from '../../src/queue/queue.js'
import { removeRefused } from '../../src/queue/refused-erasure.js'
import { newVisit } from '../support/visits.js'
import { startClicks } from './clicks.js'
import { tokens } from './ledger.js'
import { queueSite } from './queue-site.js'

const site = queueSite(1)
const quiet = { info: () => {}, warn: () => {}, error: () => {} }
/** The server of the tests has room for few streams. */
const maxBytes = '1000000'
const queueConfig = (url: string, stream: string) => {
  const { queue } = readConfig({ NATS_URL: url, NATS_STREAM: stream, NATS_MAX_BYTES: maxBytes })
  if (queue === undefined) throw new Error('NATS_URL is set')
  return queue
}

it('a server refuses the stream of another database in one line, stores nothing of it, and keeps its own clicks', async () => {
  const { nats, queued, postgres, waiting } = site()
  const config = queueConfig(nats.url, 'foreign')
  const other = await openQueue(config, quiet, { databaseId: 'f'.repeat(32) })
  const { jetstream } = other.connected()
  await jetstream.publish('foreign.visits.1', encodeMessage({ ownerId: 1, visit: newVisit(20) }))
  await other.close()

  const server = await queued({ NATS_STREAM: 'foreign', NATS_MAX_BYTES: maxBytes })
  const clicks = startClicks(server.port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
  await clicks.stop()
  const said = () => server.log.map((line) => (JSON.parse(line) as { msg: string }).msg)
  const refused = "the stream foreign has visits of another database: set NATS_STREAM to a name of this one's own"
  await expect.poll(() => said().filter((line) => line === refused)).toHaveLength(1)
  expect(await waiting('foreign')).toBe(1)
  const pool = new pg.Pool({ connectionString: postgres.url })
  onTestFinished(() => pool.end())
  expect((await pool.query('SELECT FROM visits')).rowCount).toBe(0)
  const finding = { level: 'fail', topic: 'queue', text: refused }
  expect(await examineQueue(config, await databaseIdOf({ pool }))).toEqual([finding])
  expect(await examineQueue(config, 'f'.repeat(32))).not.toContainEqual(finding)
  await server.stop()
})

it('a stream from before streams had databases becomes that of the first one that uses it', async () => {
  const { nats } = site()
  const config = queueConfig(nats.url, 'old')
  const { nats: connection, manager } = await nats.open()
  onTestFinished(() => connection.close())
  const first = await openQueue(config, quiet, { databaseId: 'a'.repeat(32) })
  await manager.streams.update('old', { description: '' })
  await first.prepare()
  await first.close()
  const lines: string[] = []
  const log = { ...quiet, error: (_: object, line: string) => lines.push(line) }
  const second = await openQueue(config, log, { databaseId: 'b'.repeat(32) })
  expect(() => second.connected()).toThrow('has visits of another database')
  expect(lines).toEqual([expect.stringContaining('the stream old has visits of another database')])
  await second.close()
})

it('messages that were set aside are removed when their person is erased, and no others', async () => {
  const { nats, postgres } = site()
  const db = openDatabase({ url: postgres.url, connections: 2 })
  const queue = await openQueue(queueConfig(nats.url, 'aside'), quiet, { databaseId: await databaseIdOf(db) })
  onTestFinished(async () => {
    await queue.close()
    await db.close()
  })
  await db.pool.query("INSERT INTO tokens (user_id, link_id, token) VALUES (1, 20, 'aside902')")
  await db.pool.query(`
    INSERT INTO recipients (user_id, link_id, id, token, mobile, erasure_id)
    VALUES (1, 20, 901, NULL, NULL, gen_random_uuid()), (1, 20, 902, 'aside902', '447700900902', NULL)`)
  const { jetstream, manager } = queue.connected()
  const set = (recipientId: number | null) => encodeMessage({ ownerId: 1, visit: newVisit(20, { recipientId }) })
  for (const message of ['no JSON', set(901), set(902), set(901), set(null)]) {
    await jetstream.publish('aside.refused.1', message)
  }
  const { signal } = new AbortController()
  expect(await removeRefused(db, queue, signal)).toBe(2)
  expect(await removeRefused(db, queue, signal)).toBe(0)
  const { state } = await manager.streams.info('aside-refused', { deleted_details: true })
  expect([state.messages, state.deleted]).toEqual([3, [2, 4]])
})
