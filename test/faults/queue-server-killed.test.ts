import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import { queueSite } from './queue-site.js'
import { serverKills } from './rounds.js'

const site = queueSite(3)
const answered = new Set<string>()

it.each(serverKills)(
  'keeps every click that a server with a queue answered before it was killed, round %i',
  async (round) => {
    const { dataDir, postgres, nats, queued, drained } = site()
    const victim = await queued()
    const clicks = startClicks(victim.port, tokens)
    await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
    // In every other round visits are in the queue when it dies, and in some of those in the spool as well.
    if (round % 2 === 0) await postgres.freeze()
    if (round % 4 === 0) await Promise.all(nats.nodes.map((node) => node.kill()))
    await wait(Math.random() * 1_000)
    await victim.kill()
    await clicks.stop()
    await postgres.thaw()
    await nats.start()
    for (const query of clicks.answered) answered.add(query)
    const successor = await queued()
    await expectReplayed(dataDir)
    await drained()
    await expectKept(postgres.url, answered)
    expect(await successor.stop()).toBe(0)
  },
)
