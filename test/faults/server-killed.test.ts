import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import { serverKills } from './rounds.js'
import { faultSite } from './site.js'

const site = faultSite()
const answered = new Set<string>()

it.each(serverKills)('keeps every answered click when the server is killed under load, round %i', async (round) => {
  const { dataDir, postgres, server } = site()
  const victim = await server()
  const clicks = startClicks(victim.port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
  // In every other round visits are in the spool when it dies.
  if (round % 2 === 0) await postgres.freeze()
  await wait(Math.random() * 1_000)
  await victim.kill()
  await clicks.stop()
  await postgres.thaw()
  for (const query of clicks.answered) answered.add(query)
  const successor = await server()
  await expectReplayed(dataDir)
  await expectKept(postgres.url, answered)
  expect(await successor.stop()).toBe(0)
})
