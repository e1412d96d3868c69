import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { removeDeliveries } from '../../src/webhooks/removal.js'
import { createWebhook, deleteWebhook, editWebhook } from '../../src/webhooks/repository.js'
import { openApp, type TestApp } from '../support/app.js'
import { accept, answerWith, startReceiver } from '../support/receiver.js'
import { type DeliverySite, deliverySites, eventually, longestPauses } from './site.js'

const deliverySite = deliverySites()

let site: DeliverySite
let opened: TestApp | undefined
let ask: (method: 'GET' | 'POST', url: string, owner?: number) => Promise<{ statusCode: number; json(): Answer }>

interface Answer {
  message: string
  data: Record<string, unknown>[]
  links: Record<string, string | null>
  meta: Record<string, unknown>
}

beforeEach(async () => {
  site = await deliverySite()
  opened ??= await openApp({ databaseUrl: site.url })
  const { app, as } = opened
  ask = (method, url, owner = 1) => app.inject({ method, url, headers: as(owner) })
})

afterAll(() => opened?.close())

/** Three visits of a link, the first parked, of a webhook with so many attempts behind it. */
async function parkedDelivery() {
  const receiver = await startReceiver(answerWith(500))
  const { id } = await site.webhook(receiver.url)
  await site.links(id, 20)
  const ids = await site.visit(20, 3)
  await site.db.pool.query('UPDATE webhook_deliveries SET give_up_at = now() WHERE seq = 1')
  const process = site.deliver({ env: longestPauses() })
  await eventually(async () => (await site.deliveries()).map(({ attempts }) => attempts)).toEqual([1, 1, 0])
  await process.close()
  const url = `/developer/webhooks/${id}/deliveries`
  return { id, url, ids, receiver }
}

/** How many lanes wait for a time to come. */
const resting = async () =>
  (await site.db.pool.query('SELECT FROM webhook_lanes WHERE lease IS NULL AND next_at > now()')).rowCount

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/)

describe('the deliveries of a webhook', () => {
  it('are listed, newest first, with what became of them', async () => {
    const { url, ids } = await parkedDelivery()
    const [first, second, third] = ids
    const path = `https://api.example.com${url}`
    const answer = (await ask('GET', url)).json()
    expect(answer).toEqual({
      status: 'OK',
      code: 200,
      message: 'OK',
      data: [
        {
          ...{
            id: third,
            link_id: 20,
            seq: 3,
            state: 'pending',
            attempts: 0,
            last_attempt_at: null,
            last_status: null,
          },
          ...{ last_error: null, created_at: time, next_attempt_at: null },
        },
        {
          ...{
            id: second,
            link_id: 20,
            seq: 2,
            state: 'pending',
            attempts: 1,
            last_attempt_at: time,
            last_status: 500,
          },
          ...{ last_error: 'Answered 500.', created_at: time, next_attempt_at: time },
        },
        {
          ...{ id: first, link_id: 20, seq: 1, state: 'parked', attempts: 1, last_attempt_at: time, last_status: 500 },
          ...{ last_error: 'Answered 500.', created_at: time, next_attempt_at: null },
        },
      ],
      links: { first: null, last: null, prev: null, next: null },
      meta: { path, per_page: 100, next_cursor: null, prev_cursor: null },
    })
    expect(Object.keys(answer.data[0] ?? {})).toEqual([
      ...['id', 'link_id', 'seq', 'state', 'attempts', 'last_attempt_at', 'last_status', 'last_error', 'created_at'],
      'next_attempt_at',
    ])
    const parked = (await ask('GET', `${url}?filter[state]=parked`)).json()
    expect(parked.data.map(({ id }) => id)).toEqual([first])
  })

  it('are walked to the last by the cursor', async () => {
    const { url, ids } = await parkedDelivery()
    const seen: unknown[] = []
    for (let next: string | null = `${url}?limit=1&filter[state]=pending`; next !== null; ) {
      const { data, links }: Answer = (await ask('GET', next)).json()
      seen.push(...data.map(({ id }) => id))
      next = links.next?.replace('https://api.example.com', '') ?? null
    }
    expect(seen).toEqual([ids[2], ids[1]])
  })

  it.each([
    ['filter[state]=lost', 'filter.state', 'The filter state must be pending, delivered, parked.'],
    ['filter[id]=1', 'filter.id', 'There is no such filter. There is state.'],
    ['filter=x', 'filter', 'Filters are written filter[name]. There is state.'],
    ['limit=0', 'limit', 'The limit field must be a number between 1 and 1000.'],
    ['limit=1001', 'limit', 'The limit field must be a number between 1 and 1000.'],
    ['cursor=7', 'cursor', 'The cursor field must be a cursor of this list.'],
  ])('are not listed by %s', async (query, field, message) => {
    const { id } = await site.webhook('https://hooks.example')
    const answer = await ask('GET', `/developer/webhooks/${id}/deliveries?${query}`)
    const errors = { [field]: [message] }
    expect(answer.json()).toEqual({ status: 'ERROR', code: 422, message, data: [], errors })
  })
})

describe('a replay', () => {
  it('of all that is parked delivers it, in the order of its link, at once', async () => {
    const { url, ids, receiver } = await parkedDelivery()
    receiver.behave(accept)
    const before = receiver.received.length
    const answer = await ask('POST', `${url}/replay`)
    expect(answer.json()).toEqual({
      status: 'OK',
      code: 200,
      message: 'Deliveries Replayed Successfully',
      data: { replayed: 1 },
    })
    expect((await site.deliveries())[0]).toMatchObject({ state: 'pending', attempts: 0, last_error: null })
    site.deliver()
    await eventually(() => site.lanes()).toBe(0)
    expect(
      receiver
        .messages()
        .slice(before)
        .map(({ id }) => id),
    ).toEqual(ids)
    expect((await ask('POST', `${url}/replay`)).json().data).toEqual({ replayed: 0 })
  })

  it('of thousands goes step by step, and forgets none', async () => {
    const { id } = await site.webhook('https://hooks.example')
    await site.links(id, 20, 21)
    await site.db.pool.query(
      `INSERT INTO webhook_deliveries (user_id, link_id, seq, webhook_id, id, state)
       SELECT 1, 20 + n % 2, n, $1, gen_random_uuid(), 'parked' FROM generate_series(1, 4500) n`,
      [id],
    )
    const answer = await ask('POST', `/developer/webhooks/${id}/deliveries/replay`)
    expect(answer.json().data).toEqual({ replayed: 4500 })
    expect(new Set((await site.deliveries()).map(({ state }) => state))).toEqual(new Set(['pending']))
    expect(await site.lanes()).toBe(2)
  })

  it('of one makes it again, also when it was delivered', async () => {
    const receiver = await startReceiver()
    const { id } = await site.webhook(receiver.url)
    await site.links(id, 20)
    const [first, second] = await site.visit(20, 2)
    site.deliver()
    await eventually(() => site.lanes()).toBe(0)
    const answer = await ask('POST', `/developer/webhooks/${id}/deliveries/${first}/replay`)
    expect(answer.json()).toEqual({ status: 'OK', code: 200, message: 'Delivery Replayed Successfully', data: [] })
    await eventually(() => receiver.messages().map(({ id }) => id)).toEqual([first, second, first])
  })

  it('is not for what is not there, nor for what belongs to another webhook or owner', async () => {
    const { id, ids, url } = await parkedDelivery()
    const other = await createWebhook(site.db, 1, {
      name: 'other',
      uri: 'https://x.example',
      status: 1,
      whole_numbers: undefined,
      token: undefined,
    })
    const missing = { status: 'ERROR', code: 404, message: 'No results found', data: [] }
    for (const [path, owner] of [
      [`${url}/${id}/replay`, 1],
      [`/developer/webhooks/${other.id}/deliveries/${ids[0]}/replay`, 1],
      [`${url}/${ids[0]}/replay`, 2],
      [`${url}/replay`, 2],
    ] as const) {
      expect((await ask('POST', path, owner)).json()).toEqual(missing)
    }
    expect((await site.deliveries())[0]?.state).toBe('parked')
  })
})

describe('a webhook that is switched off', () => {
  it('is told nothing; what waits is delivered when it is switched on', async () => {
    const receiver = await startReceiver()
    const { id } = await site.webhook(receiver.url)
    await site.links(id, 20)
    const ids = await site.visit(20, 2)
    await editWebhook(site.db, 1, id, { status: 0 })
    await site.visit(20)
    site.deliver()
    await eventually(resting).toBe(1)
    expect(receiver.received).toEqual([])
    await editWebhook(site.db, 1, id, { status: 1 })
    await eventually(() => receiver.messages().map(({ id }) => id)).toEqual(ids)
  })

  it('does not hold back what another webhook is told of the same link', async () => {
    const receiver = await startReceiver()
    const [before, after] = [await site.webhook(receiver.url), await site.webhook(receiver.url)]
    await site.links(before.id, 20)
    await site.visit(20)
    await site.db.pool.query('UPDATE links SET webhook_id = $1', [after.id])
    const [second] = await site.visit(20)
    await editWebhook(site.db, 1, before.id, { status: 0 })
    site.deliver()
    await eventually(() => receiver.messages().map(({ id }) => id)).toEqual([second])
  })

  it('does not hold back another one that its link is given later: a visit ends the rest, but no pause after a failure', async () => {
    const receiver = await startReceiver()
    const [before, after] = [await site.webhook('http://127.0.0.1:1'), await site.webhook(receiver.url)]
    await site.links(before.id, 20)
    await site.visit(20)
    await editWebhook(site.db, 1, before.id, { status: 0 })
    site.deliver()
    await eventually(resting).toBe(1)
    await site.db.pool.query('UPDATE links SET webhook_id = $1', [after.id])
    const ids: unknown[] = []
    for (let visit = 0; visit < 2; visit++) {
      ids.push(...(await site.visit(20)))
      await eventually(() => receiver.messages().map(({ id }) => id)).toEqual(ids)
      await eventually(resting).toBe(1)
    }
    receiver.behave(answerWith(503, { 'retry-after': '600' }))
    await site.visit(20)
    await eventually(async () => (await site.deliveries()).at(-1)?.attempts).toBe(1)
    const nextAt = async () => (await site.db.pool.query('SELECT next_at, lease FROM webhook_lanes')).rows
    const paused = await nextAt()
    await site.visit(20)
    expect(await nextAt()).toEqual(paused)
  })

  it('is given up after a day', async () => {
    const { id } = await site.webhook('http://127.0.0.1:1')
    await site.links(id, 20)
    await site.visit(20, 2)
    await editWebhook(site.db, 1, id, { status: 0 })
    await site.db.pool.query("UPDATE webhook_deliveries SET created_at = now() - interval '25 hours'")
    site.deliver()
    await eventually(() => site.lanes()).toBe(0)
    const parked = { state: 'parked', attempts: 0, last_error: 'The webhook is switched off.' }
    expect(await site.deliveries()).toMatchObject([parked, parked])
  })
})

it('an edit is tried at once', async () => {
  const receiver = await startReceiver()
  const { id } = await site.webhook('http://127.0.0.1:1')
  await site.links(id, 20)
  const ids = await site.visit(20, 2)
  site.deliver({ env: longestPauses() })
  await eventually(async () => (await site.deliveries())[0]?.attempts).toBe(1)
  await editWebhook(site.db, 1, id, { uri: receiver.url })
  await eventually(() => receiver.messages().map(({ id }) => id)).toEqual(ids)
})

describe('what is not needed any more', () => {
  it('is removed in steps: deliveries that were made some days ago, and deleted webhooks with theirs', async () => {
    const [kept, deleted] = [await site.webhook('https://x.example'), await site.webhook('https://x.example')]
    await site.links(kept.id, 20)
    await site.links(deleted.id, 21)
    const day = (n: number) => (Date.now() - n * 86_400_000).toString(16).padStart(12, '0')
    for (const [link, webhook] of [
      [20, kept.id],
      [21, deleted.id],
    ] as const) {
      await site.db.pool.query(
        `INSERT INTO webhook_deliveries (user_id, link_id, seq, webhook_id, id, state, last_attempt_at)
         SELECT 1, $1::int4, n, $2, (days[1 + n % 2] || lpad(to_hex($1::int4 * 1000 + n), 20, '0'))::uuid,
           CASE WHEN n % 6 < 2 THEN 'parked' ELSE 'delivered' END, now() - (5 * (n % 2) || ' days')::interval
         FROM generate_series(1, 60) n, (SELECT ARRAY[$3::text, $4]) t (days)`,
        [link, webhook, day(1), day(5)],
      )
    }
    await deleteWebhook(site.db, 1, deleted.id)
    let steps = 0
    while (await removeDeliveries(site.db, 3, 7)) steps += 1
    expect(steps).toBe(9 + 3)
    const rows = await site.deliveries()
    expect(rows).toHaveLength(60 - 20)
    expect(
      rows.every(({ link_id, seq, state }) => link_id === '20' && (Number(seq) % 2 === 0 || state === 'parked')),
    ).toBe(true)
    const { rows: webhooks } = await site.db.pool.query('SELECT id FROM webhooks')
    expect(webhooks).toEqual([{ id: kept.id }])
  })

  it('is not sent either: a webhook that is deleted is told nothing more', async () => {
    const receiver = await startReceiver()
    const { id } = await site.webhook(receiver.url)
    await site.links(id, 20)
    await site.visit(20)
    await deleteWebhook(site.db, 1, id)
    await site.visit(20)
    expect(await site.deliveries()).toHaveLength(1)
    site.deliver()
    await eventually(resting).toBe(1)
    expect(receiver.received).toEqual([])
  })
})
