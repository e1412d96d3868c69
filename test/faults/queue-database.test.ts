import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startClicks } from './clicks.js'
import { expectKept, tokens } from './ledger.js'
import { queueSite } from './queue-site.js'
import { awayMs, databaseAbsences } from './rounds.js'

const site = queueSite(3)
const answered = new Set<string>()

it.each(databaseAbsences)(
  'takes clicks into the queue while the database is away, and stores all of them when it is back, round %i',
  { timeout: 600_000 },
  async (round) => {
    const { postgres, queued, waiting, drained } = site()
    // Long, so that no click goes to the spool because the machine is busy.
    const { port, stop, log } = await queued({ CAPTURE_WAIT_MS: '60000' })
    const clicks = startClicks(port, tokens)
    await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
    // Silent in one round, killed under load and refusing connections in the next.
    if (round % 2 === 1) await postgres.freeze()
    else await postgres.kill()
    await wait(awayMs / 2)
    await expect.poll(waiting).toBeGreaterThan(50)
    const halfway = await waiting()
    await wait(awayMs / 2)
    await expect.poll(waiting).toBeGreaterThan(halfway + 50)
    await postgres.thaw()
    await postgres.start()
    await expect.poll(() => waiting()).toBeLessThan(halfway)
    await clicks.stop()
    expect([...clicks.refused]).toEqual([])
    expect(clicks.broken).toBe(0)
    for (const query of clicks.answered) answered.add(query)
    await drained()
    await expectKept(postgres.url, answered)
    const said = log.map((line) => (JSON.parse(line) as { msg: string }).msg)
    if (round % 2 === 0) expect(said).toContain('visits wait in the queue: they cannot be stored')
    expect(said.filter((line) => line.includes('spool'))).toEqual([])
    expect(await stop()).toBe(0)
  },
)
