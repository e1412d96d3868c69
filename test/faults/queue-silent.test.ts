import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.js'
import { openQueue } from '../../src/queue/queue.js'
import { cableTo } from '../support/cable.js'
import { type NatsCluster, startNats } from './nats.js'

let nats: NatsCluster
beforeAll(async () => {
  nats = await startNats(1)
})
afterAll(() => nats.destroy())

it('a connection to NATS that stays open and brings nothing any more is found out, and made anew', async () => {
  const cable = await cableTo(nats.url)
  const { queue: config } = readConfig({ NATS_URL: cable.url })
  if (config === undefined) throw new Error('NATS_URL is set')
  const reasons: unknown[] = []
  const log = { info: () => {}, warn: () => {}, error: (fields: object) => reasons.push(fields) }
  const queue = await openQueue(config, log, { databaseId: '0'.repeat(32), pingMs: 100 })
  onTestFinished(queue.close)
  const isThere = () => {
    try {
      return queue.connected() !== null
    } catch {
      return false
    }
  }
  expect(isThere()).toBe(true)
  cable.swallow()
  await expect.poll(() => reasons).toContainEqual({ reason: 'the connection was lost' })
  await expect.poll(isThere).toBe(true)
  await queue.requireRoom()
})
