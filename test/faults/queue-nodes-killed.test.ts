import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import { queueSite } from './queue-site.js'
import { nodeKills } from './rounds.js'

const site = queueSite(3)
const answered = new Set<string>()

it.each(nodeKills)('keeps every answered click when a node of NATS is killed under load, round %i', async (round) => {
  const { dataDir, postgres, nats, queued, drained } = site()
  const { port, stop } = await queued()
  const clicks = startClicks(port, tokens)
  const more = async (count: number) => {
    const before = clicks.answered.size
    await expect.poll(() => clicks.answered.size).toBeGreaterThan(before + count)
  }
  await more(200)
  await wait(Math.random() * 500)
  // The one that has the last word in every other round.
  const victim = round % 2 === 1 ? await nats.leaderOf('smart-link') : nats.nodes[round % 3]
  await victim?.kill()
  await more(500)
  await nats.start()
  await expect.poll(() => nats.leaderOf('smart-link').catch(() => null)).not.toBeNull()
  await more(500)
  await clicks.stop()
  expect([...clicks.refused]).toEqual([])
  expect(clicks.broken).toBe(0)
  for (const query of clicks.answered) answered.add(query)
  await expectReplayed(dataDir)
  await drained()
  await expectKept(postgres.url, answered)
  expect(await stop()).toBe(0)
})
