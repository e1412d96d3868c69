import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { testDatabase } from '../support/database.js'
import { startServerProcess } from '../support/server-process.js'
import { storeLink } from '../support/visits.js'

const person = {
  'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36',
}

it('two servers send exactly max_visits people on, however long the database lets them wait', async () => {
  const { db, url } = await testDatabase()
  await storeLink(db, 1, 20, { maxVisits: 100 })
  await storeLink(db, 1, 21)
  const start = async () => {
    const DATA_DIR = await mkdtemp(join(tmpdir(), 'smart-link-limit-'))
    onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }))
    const env = { DATABASE_URL: url, DATA_DIR, CAPTURE_WAIT_MS: '20' }
    return startServerProcess(env, ['--only', 'redirect']).address()
  }
  const servers = await Promise.all([start(), start()])
  const open = async (address: string, token: string) => {
    const { status } = await fetch(`${address}/${token}`, { headers: person, redirect: 'manual' })
    return status
  }
  const openUntilSaid = async (address: string) => {
    for (;;) {
      const status = await open(address, 'link1x20')
      if (status !== 503) return status
    }
  }
  const holder = await db.connectDirectly()
  onTestFinished(() => holder.end())
  const statuses: number[] = []
  // The link is used up in the third round.
  for (let round = 1; round <= 4; round += 1) {
    await holder.query('BEGIN; SELECT FROM owners WHERE id = 1 FOR NO KEY UPDATE')
    const opened = servers.flatMap((address) => Array.from({ length: 20 }, () => openUntilSaid(address)))
    await expect.poll(() => waitingForLocks()).toBeGreaterThanOrEqual(2)
    // These came later, and have waited for as long as a click does.
    for (const address of servers) expect(await open(address, 'link1x21')).toBe(302)
    await holder.query('COMMIT')
    statuses.push(...(await Promise.all(opened)))
  }
  expect(statuses.filter((status) => status === 302)).toHaveLength(100)
  expect(statuses.filter((status) => status === 410)).toHaveLength(60)
  const { rows } = await db.pool.query('SELECT human_visits::int AS people FROM links WHERE id = 20')
  expect(rows).toEqual([{ people: 100 }])

  async function waitingForLocks(): Promise<number> {
    const { rows } = await db.pool.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return rows[0]?.count ?? 0
  }
})
