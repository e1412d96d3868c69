import { expect, it } from 'vitest'
import { type Clicks, startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import { type QueueSite, queueSite } from './queue-site.js'
import type { ServerProcess } from './server.js'

const site = queueSite(1)
const answered = new Set<string>()

const more = async (clicks: Clicks, count = 200) => {
  const before = clicks.answered.size
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(before + count)
}

/** All clicks were answered, and all are in the log when nothing waits anywhere any more. */
async function expectAllKept({ dataDir, postgres, drained }: QueueSite, server: ServerProcess, clicks: Clicks) {
  await clicks.stop()
  expect([...clicks.refused]).toEqual([])
  expect(clicks.broken).toBe(0)
  for (const query of clicks.answered) answered.add(query)
  await expectReplayed(dataDir)
  await drained()
  await expectKept(postgres.url, answered)
  expect(await server.stop()).toBe(0)
}

it('sends visitors on while NATS is away, and brings their visits into the log when it is back', async () => {
  const { nats, queued } = site()
  const server = await queued()
  const clicks = startClicks(server.port, tokens)
  await more(clicks)
  await nats.nodes[0]?.kill()
  await more(clicks)
  expect(server.log.join('\n')).toContain('visits cannot be committed: they go to the spool')
  await nats.start()
  await more(clicks)
  await expectAllKept(site(), server, clicks)
})

it('starts while NATS is away', async () => {
  const { nats, queued } = site()
  await nats.nodes[0]?.kill()
  const server = await queued()
  const clicks = startClicks(server.port, tokens)
  await more(clicks)
  await nats.start()
  await more(clicks)
  await expectAllKept(site(), server, clicks)
})

it('fills the spool when the queue is full, and loses nothing of either', async () => {
  const { postgres, queued, waiting } = site()
  const server = await queued({ NATS_STREAM: 'small', NATS_MAX_BYTES: '300000' })
  const clicks = startClicks(server.port, tokens)
  await more(clicks)
  await postgres.freeze()
  await expect.poll(() => server.log.join('\n')).toContain('maximum bytes exceeded')
  const whenFull = await waiting('small')
  await more(clicks)
  expect(await waiting('small')).toBeLessThan(whenFull + 100)
  await postgres.thaw()
  await more(clicks)
  const { drained } = site()
  await expectAllKept({ ...site(), drained: () => drained('small') }, server, clicks)
})
