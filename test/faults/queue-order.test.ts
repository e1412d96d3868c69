import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.js'
import { databaseIdOf } from '../../src/database/server-key.js'
import { openQueue } from '../../src/queue/queue.js'
import { queueWay } from '../../src/queue/queue-way.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { newVisit } from '../support/visits.js'
import { queueSite } from './queue-site.js'
import { workerKills } from './rounds.js'

const site = queueSite(3)
const quiet = { info: () => {}, warn: () => {}, error: () => {} }
/** Links of two owners, which are in different partitions. */
const links: [ownerId: number, linkId: number][] = [
  [1, 20],
  [1, 21],
  [2, 30],
]
const published = new Map(links.map(([, linkId]) => [linkId, [] as string[]]))

/** Publishes to all links, a batch after the other, until it is stopped. */
async function startPublishing(env: Record<string, string>, databaseUrl: string) {
  const config = readConfig(env).queue
  if (config === undefined) throw new Error('NATS_URL is given')
  const pool = new pg.Pool({ connectionString: databaseUrl })
  const queue = await openQueue(config, quiet, { databaseId: await databaseIdOf({ pool }) })
  await pool.end()
  const way = queueWay(queue)
  const { signal } = new AbortController()
  let isStopped = false
  const publish = async (ownerId: number, linkId: number) => {
    while (!isStopped) {
      const visits: NewVisit[] = Array.from({ length: 20 }, () => newVisit(linkId))
      // Again after a failure, so that the order is known: what came twice is dropped.
      while (!(await way.commit(ownerId, visits, { isLimited: false, signal }).catch(() => null)));
      published.get(linkId)?.push(...visits.map(({ id }) => id))
    }
  }
  const running = links.map(([ownerId, linkId]) => publish(ownerId, linkId))
  const stop = async () => {
    isStopped = true
    await Promise.all(running)
    await queue.close()
  }
  return { stop }
}

async function storedIds(client: pg.Client, linkId: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM visits WHERE link_id = $1 ORDER BY seq', [linkId])
  return rows.map(({ id }) => id)
}

it.each(workerKills)(
  'stores visits once and in the order in which they were published, whatever happens to workers and the database, round %i',
  async (round) => {
    const { postgres, nats, queued, drained } = site()
    const [victim, other] = [await queued({}, 'work'), await queued({}, 'work')]
    const client = new pg.Client({ connectionString: postgres.url })
    client.on('error', () => {})
    await client.connect()
    onTestFinished(() => client.end().catch(() => {}))
    const stored = async () => {
      const { rows } = await client.query<{ count: number }>('SELECT count(*)::int FROM visits')
      return rows[0]?.count ?? 0
    }
    const more = async (count: number) => {
      const before = await stored()
      await expect.poll(stored).toBeGreaterThan(before + count)
    }
    const publishing = await startPublishing({ NATS_URL: nats.url, NATS_REPLICAS: '3' }, postgres.url)
    await more(500)
    if (round % 3 === 0) {
      await postgres.freeze()
      await victim.kill()
      await postgres.thaw()
    } else if (round % 3 === 1) {
      await victim.kill()
    } else {
      // Until the stream has taken its partitions away: then it goes on with what it had in hand.
      victim.freeze()
      await expect.poll(() => nats.readers('smart-link')).toBeLessThan(16)
      await expect.poll(() => nats.readers('smart-link')).toBe(16)
      victim.thaw()
    }
    await more(1000)
    await publishing.stop()
    await drained()
    for (const [, linkId] of links) expect(await storedIds(client, linkId)).toEqual(published.get(linkId))
    expect(await other.stop()).toBe(0)
  },
)
