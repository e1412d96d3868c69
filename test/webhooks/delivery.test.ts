import { expect, it } from 'vitest'
import { erasePerson } from '../../src/erasures/erase.js'
import { eraseRecipients } from '../../src/erasures/erase-recipients.js'
import { beginErasure } from '../../src/erasures/erasure.js'
import { hashOfMobile } from '../../src/erasures/mobile-hash.js'
import { appendVisits } from '../../src/visits/append.js'
import { accept, answerWith, startReceiver, verified } from '../support/receiver.js'
import { newVisit, storeRecipients } from '../support/visits.js'
import { type DeliveringProcess, deliverySites, eventually } from './site.js'

const deliverySite = deliverySites()

it('posts each visit as the documented 14 keys, signed, with the secret, and with its values in the address', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  const uri = `${receiver.url}/hooks/{link_id}/{{browser}}?m={mobile}&ua={user_agent}&x={unknown}#end`
  const { id: webhook, code } = await site.webhook(uri, { secret: 's3cret' })
  await site.links(webhook, 20, 21)
  await storeRecipients(site.db, 1, 20, ['+919019955123'])
  const [id] = await site.visit(20, 1, { recipientId: 1 })
  const [untracked] = await site.visit(21, 1, { place: null })
  site.deliver({ env: { TZ_OUTPUT: 'Asia/Kolkata' } })
  await eventually(() => receiver.received.length).toBe(2)

  const userAgent =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.99 Safari/537.36'
  const [one, other] = receiver.received.toSorted((a, b) => (a.url < b.url ? -1 : 1))
  const escaped = encodeURIComponent(userAgent).replaceAll('(', '%28').replaceAll(')', '%29')
  expect(one?.url).toBe(`/hooks/20/Chrome?m=%2B919019955123&ua=${escaped}&x={unknown}`)
  expect(one?.body).toBe(
    JSON.stringify({
      id,
      link_id: 20,
      user_agent: userAgent,
      browser: 'Chrome',
      browser_version: '67.0.3396.99',
      platform: 'Mac',
      device_type: 'desktop',
      device_brand: 'Apple',
      country: 'localhost',
      country_code: '',
      region: '',
      city: 'localhost',
      mobile: '+919019955123',
      created_at: '2022-10-31 15:37:27',
    }),
  )
  expect(one?.method).toBe('POST')
  expect(one?.headers).toEqual({
    'content-type': 'application/json',
    'content-length': String(one?.body.length),
    'user-agent': 'Smart-Link-Webhooks',
    'webhook-id': id,
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
    'webhook-signature': expect.stringMatching(/^v1,.{44}$/),
    authorization: 'Bearer s3cret',
    host: `127.0.0.1:${receiver.port}`,
    connection: 'keep-alive',
  })
  expect(one && verified(code, one)).toEqual(JSON.parse(one?.body ?? ''))
  expect(other?.url).toMatch(/^\/hooks\/21\/Chrome\?m=&ua=/)
  expect(JSON.parse(other?.body ?? '')).toMatchObject({ id: untracked, mobile: null, country: '', city: '' })
})

it('sends numbers with their country code where a country is set, and others as they were given', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  await site.links((await site.webhook(`${receiver.url}/?m={mobile}`)).id, 20)
  await storeRecipients(site.db, 1, 20, ['07700900801', '+447700900802', '9019955***'])
  for (const recipientId of [1, 2, 3]) await site.visit(20, 1, { recipientId })
  site.deliver({ env: { DEFAULT_COUNTRY: 'GB' } })
  await eventually(() => receiver.received.length).toBe(3)
  const mobiles = ['447700900801', '+447700900802', '9019955***']
  expect(receiver.messages().map(({ mobile }) => mobile)).toEqual(mobiles)
  expect(receiver.received.map(({ url }) => new URL(url, receiver.url).searchParams.get('m'))).toEqual(mobiles)
})

it('sends numbers without their last three digits where it is told masked ones, in the body and in the address', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  const { id } = await site.webhook(`${receiver.url}/?m={mobile}`)
  await site.db.pool.query('UPDATE webhooks SET whole_numbers = false')
  await site.links(id, 20)
  await storeRecipients(site.db, 1, 20, ['07700900801'])
  for (const recipientId of [1, null]) await site.visit(20, 1, { recipientId })
  site.deliver({ env: { DEFAULT_COUNTRY: 'GB' } })
  await eventually(() => receiver.received.length).toBe(2)
  expect(receiver.messages().map(({ mobile }) => mobile)).toEqual(['447700900***', null])
  expect(receiver.received.map(({ url }) => url)).toEqual(['/?m=447700900%2A%2A%2A', '/?m='])
})

it('tells nothing of a person who is erased while a message is on its way', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  await site.links((await site.webhook(receiver.url)).id, 20)
  await storeRecipients(site.db, 1, 20, ['+919019955123'])
  const ids = await site.visit(20, 3, { recipientId: 1 })
  let process: DeliveringProcess | null = null
  receiver.behave((response, nth, received) => {
    const heard = new Promise<void>((resolve) => process?.notifications.subscribe('tokens', () => resolve()))
    const erased = nth === 0 ? Promise.all([heard, erasePerson(site.db, 1, '919019955123', null)]) : Promise.resolve()
    void erased.then(() => accept(response, nth, received))
  })
  process = site.deliver()
  await eventually(() => site.deliveries()).toMatchObject(Array(3).fill({ state: 'delivered', attempts: 1 }))
  expect(receiver.messages().map(({ id, mobile }) => [id, mobile])).toEqual([
    [ids[0], '+919019955123'],
    [ids[1], null],
    [ids[2], null],
  ])
})

it('tells nothing of an erased person whose visits are not blanked yet', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  const uri = `${receiver.url}/?ip={client_ip}&m={mobile}&city={city}`
  await site.links((await site.webhook(uri)).id, 20)
  await storeRecipients(site.db, 1, 20, ['919019955123', '919019955124'])
  for (const recipientId of [1, 2, null]) await site.visit(20, 1, { recipientId, clientIp: '10.0.0.7' })
  const erasureId = await beginErasure(site.db, 1, await hashOfMobile(site.db, '919019955123'), null)
  await eraseRecipients(site.db, 1, erasureId, [{ link: 20, recipient: 1 }])
  site.deliver()
  await eventually(() => receiver.received.map(({ url }) => url)).toEqual([
    '/?ip=&m=&city=localhost',
    '/?ip=10.0.0.7&m=919019955124&city=localhost',
    '/?ip=10.0.0.7&m=&city=localhost',
  ])
})

it('tells nothing of visits that are imported, nor of those of links without an active webhook', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  const [active, inactive] = [await site.webhook(receiver.url), await site.webhook(receiver.url, { status: 0 })]
  await site.links(active.id.toUpperCase(), 20)
  await site.links(inactive.id, 21)
  await site.links('no webhook', 22)
  await appendVisits(site.db, 1, [newVisit(20)])
  for (const link of [21, 22]) await site.visit(link)
  const [told] = await site.visit(20)
  site.deliver()
  await eventually(() => site.deliveries()).toMatchObject([{ id: told, seq: '2', state: 'delivered' }])
  expect(receiver.messages().map(({ id }) => id)).toEqual([told])
})

it.each([200, 201, 204, 226, 299])('takes %i for a success', async (status) => {
  const site = await deliverySite()
  const receiver = await startReceiver(answerWith(status))
  await site.links((await site.webhook(receiver.url)).id, 20)
  await site.visit(20)
  site.deliver()
  const made = { state: 'delivered', attempts: 1, last_status: status, last_error: null }
  await eventually(() => site.deliveries()).toMatchObject([made])
  await eventually(() => site.lanes()).toBe(0)
})

it.each([
  [300, 'Answered 300: redirects are not followed.'],
  [301, 'Answered 301: redirects are not followed.'],
  [307, 'Answered 307: redirects are not followed.'],
  [400, 'Answered 400.'],
  [401, 'Answered 401.'],
  [404, 'Answered 404.'],
  [429, 'Answered 429.'],
  [500, 'Answered 500.'],
])('takes %i for a failure, and tries again with the same id, following no redirect', async (status, error) => {
  const site = await deliverySite()
  const elsewhere = await startReceiver()
  const receiver = await startReceiver(answerWith(status, { location: elsewhere.url }))
  const { id, code } = await site.webhook(receiver.url)
  await site.links(id, 20)
  const [visit] = await site.visit(20)
  const first = site.deliver()
  await eventually(() => site.deliveries()).toMatchObject([
    { state: 'pending', last_status: status, last_error: error },
  ])
  await eventually(() => receiver.received.length).toBeGreaterThan(2)
  receiver.behave(accept)
  await eventually(() => site.deliveries()).toMatchObject([{ state: 'delivered', last_error: null }])
  await first.close()
  const [delivery] = await site.deliveries()
  expect(delivery?.attempts).toBe(receiver.received.length)
  for (const one of receiver.received) {
    expect([one.headers['webhook-id'], one.body]).toEqual([visit, receiver.received[0]?.body])
    verified(code, one)
  }
  expect(elsewhere.received).toEqual([])
})

it('waits as long as a receiver asks, within reason', async () => {
  const site = await deliverySite()
  const inAQuarterOfAnHour: ReturnType<typeof answerWith> = (...asked) =>
    answerWith(429, { 'retry-after': new Date(Date.now() + 900_000).toUTCString() })(...asked)
  const waits = [
    [answerWith(503, { 'retry-after': '600' }), 600],
    [inAQuarterOfAnHour, 900],
    [answerWith(503, { 'retry-after': '999999999' }), 3600],
    [answerWith(500, { 'retry-after': '600' }), 0],
    [answerWith(503, { 'retry-after': 'soon' }), 0],
  ] as const
  for (const [index, [behaviour]] of waits.entries()) {
    await site.links((await site.webhook((await startReceiver(behaviour)).url)).id, index + 1)
    await site.visit(index + 1)
  }
  site.deliver()
  const left = async () => {
    const { rows } = await site.db.pool.query<{ seconds: number; attempts: number }>(
      `SELECT extract(epoch FROM l.next_at - d.last_attempt_at)::float8 AS seconds, d.attempts
       FROM webhook_lanes l JOIN webhook_deliveries d USING (user_id, link_id) WHERE l.lease IS NULL ORDER BY link_id`,
    )
    return rows.map(({ seconds, attempts }) => (attempts > 0 ? Math.ceil(seconds / 10) * 10 : null))
  }
  const rounded = waits.map(([, seconds]) => Math.max(seconds, 10))
  await eventually(left).toEqual(rounded)
})

it('delivers in order, and a failure holds back its link alone', async () => {
  const site = await deliverySite()
  let isBroken = true
  const receiver = await startReceiver((response, _, { body }) => {
    response.writeHead(isBroken && JSON.parse(body).link_id === 20 ? 500 : 200).end()
  })
  await site.links((await site.webhook(receiver.url)).id, 20, 21)
  const [first, ...later] = await site.visit(20, 10)
  const others = await site.visit(21, 10)
  site.deliver()
  const told = (link: number) => receiver.messages().flatMap(({ id, link_id }) => (link_id === link ? [id] : []))
  await eventually(() => told(21)).toEqual(others)
  await eventually(() => told(20).length).toBeGreaterThan(2)
  expect(new Set(told(20))).toEqual(new Set([first]))
  isBroken = false
  await eventually(() => [...new Set(told(20))]).toEqual([first, ...later])
  await eventually(() => site.lanes()).toBe(0)
})

it('says once that a webhook fails and once that it works again, and nothing secret', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver(answerWith(500))
  const { id, code } = await site.webhook(`${receiver.url}/path?token=abc`, { secret: 's3cret' })
  await site.links(id, 20)
  site.deliver()
  await site.visit(20, 3)
  await eventually(() => receiver.received.length).toBeGreaterThan(5)
  receiver.behave(accept)
  await eventually(() => site.lanes()).toBe(0)
  const fields = { owner: '1', webhook: id }
  expect(site.log).toEqual([
    { level: 'warn', message: 'a webhook fails', fields: { ...fields, reason: 'Answered 500.' } },
    { level: 'info', message: 'a webhook works again', fields },
  ])
  const said = JSON.stringify([site.log, await site.deliveries()])
  for (const secret of ['s3cret', code, 'abc', 'path']) expect(said).not.toContain(secret)
})

it('gives a delivery up a day after its first attempt, with what has waited as long behind it, and goes on', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver(answerWith(500))
  await site.links((await site.webhook(receiver.url)).id, 20)
  const [first, waiting, last] = await site.visit(20, 3)
  const process = site.deliver()
  await eventually(() => receiver.received.length).toBeGreaterThan(1)
  await process.close()
  const { rows } = await site.db.pool.query(
    `SELECT round(extract(epoch FROM give_up_at - now()) / 3600)::int AS hours FROM webhook_deliveries ORDER BY seq`,
  )
  expect(rows.map(({ hours }) => hours)).toEqual([24, null, null])

  const passed = "interval '25 hours'"
  await site.db.pool.query(
    `UPDATE webhook_deliveries SET give_up_at = give_up_at - ${passed}, created_at = created_at - ${passed} WHERE seq < 3`,
  )
  await site.db.pool.query('UPDATE webhook_lanes SET next_at = now()')
  const before = receiver.received.length
  receiver.behave((response, nth) => response.writeHead(nth === before ? 500 : 200).end())
  site.deliver()
  await eventually(() => site.lanes()).toBe(0)
  expect(await site.deliveries()).toMatchObject([
    { id: first, state: 'parked', last_status: 500, last_error: 'Answered 500.' },
    {
      ...{ id: waiting, state: 'parked', attempts: 0, last_status: null },
      last_error: 'An earlier visit of the link could not be delivered.',
    },
    { id: last, state: 'delivered' },
  ])
  expect(
    receiver
      .messages()
      .slice(before)
      .map(({ id }) => id),
  ).toEqual([first, last])
})

it('sends nothing of a visit that is not in the log any more', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  const { id } = await site.webhook(receiver.url)
  await site.links(id, 20, 21)
  await site.visit(20, 3)
  await site.visit(21)
  await site.db.pool.query('UPDATE links SET first_seq = 2, first_human_seq = 2 WHERE id = 20')
  await site.db.pool.query('DELETE FROM visits WHERE link_id = 20 AND seq = 1')
  await site.db.pool.query('UPDATE links SET deleted_at = now() WHERE id = 21')
  site.deliver()
  await eventually(() => site.lanes()).toBe(0)
  expect(receiver.messages().map(({ link_id }) => link_id)).toEqual([20, 20])
  expect((await site.deliveries()).map(({ link_id, seq }) => [link_id, seq])).toEqual([
    ['20', '2'],
    ['20', '3'],
  ])
})
