import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import { awayMs, databaseAbsences } from './rounds.js'
import { faultSite } from './site.js'

const site = faultSite()
const answered = new Set<string>()

it.each(databaseAbsences)(
  'sends visitors on while the database is away, round %i',
  { timeout: 600_000 },
  async (round) => {
    const { dataDir, postgres, server } = site()
    const { port, stop, log } = await server()
    const clicks = startClicks(port, tokens, 4)
    await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
    // Silent in one round, refusing connections in the next.
    if (round % 2 === 1) await postgres.freeze()
    else await postgres.kill()
    await wait(awayMs / 2)
    const halfway = clicks.answered.size
    await wait(awayMs / 2)
    await expect.poll(() => clicks.answered.size).toBeGreaterThan(halfway + 50)
    await postgres.thaw()
    await postgres.start()
    await clicks.stop()
    expect([...clicks.refused]).toEqual([])
    expect(clicks.broken).toBe(0)
    expect(log.join('\n')).toContain('go to the spool')
    for (const query of clicks.answered) answered.add(query)
    await expectReplayed(dataDir)
    await expectKept(postgres.url, answered)
    expect(await stop()).toBe(0)
  },
)
