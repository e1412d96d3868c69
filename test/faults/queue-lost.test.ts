import { expect, it, onTestFinished } from 'vitest'
import { encodeMessage } from '../../src/queue/message.js'
import { newVisit } from '../support/visits.js'
import { leakyWayTo } from './leaky-way.js'
import { storedLog } from './ledger.js'
import { queueSite } from './queue-site.js'

const site = queueSite(1)

/** A worker that is connected by a leaky way, and who publishes visits of a link to it. */
async function leakyWorker(linkId: number) {
  const { postgres, nats, queued, drained } = site()
  const way = await leakyWayTo(nats.url)
  const worker = await queued({ NATS_URL: way.url }, 'work')
  const { nats: connection, jetstream } = await nats.open()
  onTestFinished(() => connection.close())
  const published: string[] = []
  const publish = async () => {
    const visit = newVisit(linkId)
    await jetstream.publish('smart-link.visits.1', encodeMessage({ ownerId: 1, visit }), { msgID: visit.id })
    published.push(visit.id)
  }
  await publish()
  await drained()
  const stored = async () => (await storedLog(postgres.url, 1)).flatMap(({ id, link }) => (link === linkId ? id : []))
  return { way, worker, publish, published, stored, drained }
}

it('stores a visit that was on its way to a worker and never arrived, and before those that came after it', async () => {
  const { way, worker, publish, published, stored, drained } = await leakyWorker(20)
  way.lose(/^H?MSG smart-link\.visits\.1 /)
  for (let n = 0; n < 2; n += 1) await publish()
  await expect.poll(way.lost).toBe(2)
  way.lose(null)
  for (let n = 0; n < 2; n += 1) await publish()
  await drained()
  expect(await stored()).toEqual(published)
  expect(await worker.stop()).toBe(0)
})

it('stores a visit once whose acknowledgement never arrived, and it leaves the queue', async () => {
  const { way, worker, publish, published, stored, drained } = await leakyWorker(21)
  way.lose(/^PUB \$JS\.ACK\.smart-link\./)
  await publish()
  await expect.poll(way.lost).toBe(1)
  way.lose(null)
  await publish()
  await drained()
  expect(await stored()).toEqual(published)
  expect(await worker.stop()).toBe(0)
})

it('stores a visit that its consumer never sends again', async () => {
  const { way, worker, publish, published, stored, drained } = await leakyWorker(22)
  way.lose(/^H?MSG smart-link\.visits\.1 /)
  await publish()
  await expect.poll(way.lost).toBe(1)
  way.lose(null)
  await putOff('smart-link')
  await drained()
  expect(await stored()).toEqual(published)
  expect(await worker.stop()).toBe(0)
})

/** Asks the consumer of the last message that was sent to send it again in an hour. */
async function putOff(stream: string): Promise<void> {
  const { nats: connection, manager } = await site().nats.open()
  const consumers = await manager.consumers.list(stream).next()
  const sent = consumers.find(({ num_ack_pending }) => num_ack_pending === 1)
  if (sent === undefined) throw new Error('a message is on its way')
  const { stream_seq, consumer_seq } = sent.delivered
  const hourNs = 3_600_000_000_000
  connection.publish(
    `$JS.ACK.${stream}.${sent.name}.1.${stream_seq}.${consumer_seq}.${BigInt(Date.now()) * 1_000_000n}.0`,
    `-NAK {"delay": ${hourNs}}`,
  )
  await connection.drain()
}
