import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import { databaseKills } from './rounds.js'
import { faultSite } from './site.js'

const site = faultSite()
const answered = new Set<string>()

it.each(databaseKills)('answers and keeps every click when PostgreSQL is killed under load, round %i', async () => {
  const { dataDir, postgres, server } = site()
  const { port, stop } = await server()
  const clicks = startClicks(port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
  await wait(Math.random() * 500)
  await postgres.kill()
  const before = clicks.answered.size
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(before + 50)
  await postgres.start()
  const after = clicks.answered.size
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(after + 50)
  await clicks.stop()
  expect([...clicks.refused]).toEqual([])
  expect(clicks.broken).toBe(0)
  for (const query of clicks.answered) answered.add(query)
  await expectReplayed(dataDir)
  await expectKept(postgres.url, answered)
  expect(await stop()).toBe(0)
})
