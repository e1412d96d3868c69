import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { startClicks } from './clicks.js'
import { expectKept } from './ledger.js'
import { queueSite } from './queue-site.js'

const site = queueSite(1)

it('an owner whose lock somebody keeps holds up no other in the queue, and its visits are stored when it is free', async () => {
  const { postgres, queued, drained } = site()
  const { port, log, stop } = await queued()
  const holder = new pg.Client({ connectionString: postgres.url })
  await holder.connect()
  onTestFinished(() => holder.end())
  await holder.query('BEGIN; SELECT FROM owners WHERE id = 1 FOR NO KEY UPDATE')
  const stored = async (ownerId: number) => {
    const { rows } = await holder.query('SELECT FROM visits WHERE user_id = $1', [ownerId])
    return rows.length
  }
  const answered = new Set<string>()
  let others = 0
  const click = async () => {
    const all = [startClicks(port, ['link1x20'], 2), startClicks(port, ['link2x30'], 2)] as const
    for (const { answered } of all) await expect.poll(() => answered.size).toBeGreaterThan(20)
    for (const clicks of all) await clicks.stop()
    for (const clicks of all) for (const query of clicks.answered) answered.add(query)
    others += all[1].answered.size
    await expect.poll(() => stored(2)).toBe(others)
    expect(await stored(1)).toBe(0)
  }
  await click()
  await expect.poll(() => log.join()).toContain('visits of an owner cannot be stored for now: they wait')
  await click()
  await click()
  expect(log.join()).not.toContain('visits wait in the queue: they cannot be stored')
  await holder.query('COMMIT')
  await drained()
  await expectKept(postgres.url, answered)
  expect(await stop()).toBe(0)
})
