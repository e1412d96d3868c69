import { headers } from '@nats-io/transport-node'
import { expect, it } from 'vitest'
import { encodeMessage } from '../../src/queue/message.js'
import { newVisit } from '../support/visits.js'
import { startClicks } from './clicks.js'
import { expectKept, tokens } from './ledger.js'
import { queueSite } from './queue-site.js'

const site = queueSite(1)

it('sets messages aside that can never be visits, with the reason, and stores all others', async () => {
  const { postgres, nats, queued, drained } = site()
  const server = await queued()
  const clicks = startClicks(server.port, tokens)
  const more = async (count: number) => {
    const before = clicks.answered.size
    await expect.poll(() => clicks.answered.size).toBeGreaterThan(before + count)
  }
  await more(50)
  const { nats: connection, jetstream, manager } = await nats.open()
  const bad = [
    'no JSON',
    '{"ownerId":1}',
    new Uint8Array([0xff, 0xfe]),
    encodeMessage({ ownerId: 1, visit: newVisit(20, { clientIp: 'nowhere' }) }),
    encodeMessage({ ownerId: 1, visit: newVisit(20, { queryString: 'half a \ud800 pair' }) }),
    encodeMessage({ ownerId: 1, visit: { ...newVisit(20), id: 'no id' } }),
    encodeMessage({ ownerId: 1, visit: newVisit(2 ** 53) }),
  ]
  const about = headers()
  about.set('Anything', 'else')
  for (const message of bad) await jetstream.publish('smart-link.visits.1', message, { headers: about })
  await more(50)
  await clicks.stop()
  await drained()
  expect([...clicks.refused]).toEqual([])
  await expectKept(postgres.url, clicks.answered)

  const { state } = await manager.streams.info('smart-link-refused')
  expect(state.messages).toBe(bad.length)
  const kept = await Promise.all(
    bad.map((_, nth) => manager.streams.getMessage('smart-link-refused', { seq: state.first_seq + nth })),
  )
  const text = (message: string | Uint8Array) => Buffer.from(message).toString('latin1')
  expect(kept.map((message) => text(message?.data ?? '')).sort()).toEqual(bad.map(text).sort())
  for (const message of kept) {
    expect(message?.subject).toBe('smart-link.refused.1')
    expect(message?.header.get('Reason')).toMatch(/.{10,}/)
    expect(Number(message?.header.get('Sequence'))).toBeGreaterThan(0)
  }
  await connection.close()
  const said = server.log.map((line) => (JSON.parse(line) as { msg: string }).msg)
  expect(said.filter((line) => line === 'a message of the queue is set aside: see smart-link-refused').length).toBe(
    bad.length,
  )
  expect(await server.stop()).toBe(0)
})

it('drops visits of links that are gone, and says so', async () => {
  const { nats, queued, drained } = site()
  const server = await queued()
  const { nats: connection, jetstream } = await nats.open()
  await jetstream.publish('smart-link.visits.1', encodeMessage({ ownerId: 1, visit: newVisit(404) }))
  await connection.close()
  await expect.poll(() => server.log.join('\n')).toContain('visits of links that are gone were dropped')
  await drained()
  expect(await server.stop()).toBe(0)
})
