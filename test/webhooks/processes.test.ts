import { describe, expect, it } from 'vitest'
import { inTransaction } from '../../src/database/transaction.js'
import { laneKey, postponeLane, releaseLane, removeLane, restLane, takeLanes } from '../../src/webhooks/lanes.js'
import { slotsOf } from '../../src/webhooks/slots.js'
import { accept, startReceiver } from '../support/receiver.js'
import { type DeliverySite, deliverySites, eventually } from './site.js'

const deliverySite = deliverySites()

/** Ids in the order in which they came, by link. */
function byLink(messages: Record<string, unknown>[]): Record<string, unknown[]> {
  const links: Record<string, unknown[]> = {}
  for (const { link_id, id } of messages) links[String(link_id)] = [...(links[String(link_id)] ?? []), id]
  return links
}

const take = async ({ db }: DeliverySite, most = 10) => (await takeLanes(db, slotsOf(most).room())).lanes

/** Not asked inside of a transaction, which would be told the same again and again. */
async function waitingForLocks({ db }: DeliverySite): Promise<number | null> {
  const waiting = "datname = current_database() AND wait_event_type = 'Lock'"
  return (await db.pool.query(`SELECT FROM pg_stat_activity WHERE ${waiting}`)).rowCount
}

describe('several processes on one database', () => {
  it('deliver every visit once, in the order of its link, while visits come in', async () => {
    const site = await deliverySite()
    const receiver = await startReceiver()
    const links = [1, 2, 3, 4, 5, 6]
    await site.links((await site.webhook(receiver.url)).id, ...links)
    for (let n = 0; n < 3; n++) site.deliver({ env: { WEBHOOK_CONCURRENCY: '12' } })
    const expected: Record<string, string[]> = {}
    for (let round = 0; round < 40; round++) {
      const link = links[round % links.length] ?? 1
      expected[link] = [...(expected[link] ?? []), ...(await site.visit(link, 1 + (round % 17)))]
    }
    await eventually(() => site.lanes()).toBe(0)
    expect(byLink(receiver.messages())).toEqual(expected)
    expect(new Set((await site.deliveries()).map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(
      new Set(['delivered 1']),
    )
    expect(site.log).toEqual([])
  })

  it('take over what one that died has left, and it can do no harm when it comes back', async () => {
    const site = await deliverySite()
    const receiver = await startReceiver()
    await site.links((await site.webhook(receiver.url)).id, 20)
    const ids = await site.visit(20, 2)
    const [lane, ...none] = await take(site)
    expect([lane?.linkId, none, await take(site)]).toEqual([20, [], []])
    if (lane === undefined) return
    await site.db.pool.query("UPDATE webhook_lanes SET next_at = now() - interval '1 second'")
    const [next] = await take(site)
    for (const statement of [
      removeLane([...laneKey(lane), lane.arrivals]),
      releaseLane(laneKey(lane)),
      restLane([...laneKey(lane), lane.arrivals]),
      postponeLane([...laneKey(lane), lane.webhookId, '', 0]),
    ]) {
      expect((await site.db.pool.query(statement)).rowCount).toBe(0)
    }
    if (next !== undefined) await site.db.pool.query(releaseLane(laneKey(next)))
    site.deliver()
    await eventually(() => site.lanes()).toBe(0)
    expect(receiver.messages().map(({ id }) => id)).toEqual(ids)
  })

  it('stop without a trace: what was delivered is not delivered again, and the rest goes on at once', async () => {
    const site = await deliverySite()
    const receiver = await startReceiver()
    await site.links((await site.webhook(receiver.url)).id, 20, 21)
    const ids = { 20: await site.visit(20, 200), 21: await site.visit(21, 200) }
    let first = site.deliver()
    for (const count of [30, 130, 290]) {
      await eventually(() => receiver.received.length).toBeGreaterThan(count)
      await first.close()
      const { rows } = await site.db.pool.query('SELECT FROM webhook_lanes WHERE lease IS NOT NULL OR next_at > now()')
      expect(rows).toEqual([])
      const made = (await site.deliveries()).filter(({ state }) => state === 'delivered')
      expect(made).toHaveLength(receiver.received.length)
      first = site.deliver()
    }
    await eventually(() => site.lanes()).toBe(0)
    expect(byLink(receiver.messages())).toEqual(ids)
  })

  it('finish the request in hand before they stop', async () => {
    const site = await deliverySite()
    let answer = () => {}
    const receiver = await startReceiver((response) => {
      answer = () => accept(response, 0, { method: '', url: '', headers: {}, body: '' })
    })
    await site.links((await site.webhook(receiver.url)).id, 20)
    await site.visit(20, 2)
    const process = site.deliver()
    await eventually(() => receiver.received.length).toBe(1)
    const closed = process.close()
    answer()
    await closed
    expect(await site.deliveries()).toMatchObject([
      { state: 'delivered', attempts: 1 },
      { state: 'pending', attempts: 0 },
    ])
  })
})

describe('a lane', () => {
  async function takenLane() {
    const site = await deliverySite()
    await site.links((await site.webhook('http://127.0.0.1:1')).id, 20)
    await site.visit(20)
    const [lane] = await take(site, 1)
    if (lane === undefined) throw new Error('there is a lane')
    await site.db.pool.query("UPDATE webhook_deliveries SET state = 'delivered'")
    const remove = removeLane([...laneKey(lane), lane.arrivals])
    return { site, remove }
  }

  it('is removed when everything is delivered', async () => {
    const { site, remove } = await takenLane()
    expect((await site.db.pool.query(remove)).rowCount).toBe(1)
  })

  it('stays when visits have come since it was taken', async () => {
    const { site, remove } = await takenLane()
    await site.visit(20)
    await site.db.pool.query("UPDATE webhook_deliveries SET state = 'delivered'")
    expect((await site.db.pool.query(remove)).rowCount).toBe(0)
  })

  it('stays when a batch of visits is under way that the removal cannot see', async () => {
    const { site, remove } = await takenLane()
    const removal = await inTransaction(site.db, async (client) => {
      await client.query(
        `WITH told AS (
           INSERT INTO webhook_deliveries (user_id, link_id, seq, webhook_id, id)
           SELECT user_id, link_id, seq + 1, webhook_id, gen_random_uuid() FROM webhook_deliveries
         )
         INSERT INTO webhook_lanes (user_id, link_id, next_at) VALUES (1, 20, now())
         ON CONFLICT (user_id, link_id) DO UPDATE SET arrivals = webhook_lanes.arrivals + 1`,
      )
      const waiting = site.db.pool.query(remove)
      await eventually(() => waitingForLocks(site)).toBe(1)
      return { waiting }
    })
    expect((await removal.waiting).rowCount).toBe(0)
    expect(await site.lanes()).toBe(1)
  })

  it('is there again when a batch comes while it is removed', async () => {
    const { site, remove } = await takenLane()
    const batch = await inTransaction(site.db, async (client) => {
      expect((await client.query(remove)).rowCount).toBe(1)
      const waiting = site.visit(20)
      await eventually(() => waitingForLocks(site)).toBe(1)
      return { waiting }
    })
    await batch.waiting
    expect(await site.lanes()).toBe(1)
  })
})

it('lanes that are too many are given back in a transaction each, so that nobody waits for one and holds another', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver(() => {})
  const links = [1, 2, 3, 4, 5, 6]
  await site.links((await site.webhook(receiver.url)).id, ...links)
  for (const link of links) await site.visit(link)
  const taken = new Set((await site.db.pool.query('SELECT xmin FROM webhook_lanes')).rows.map(({ xmin }) => xmin))
  site.deliver({ env: { WEBHOOK_CONCURRENCY: '12' } })
  const back = async () => {
    const { rows } = await site.db.pool.query('SELECT xmin FROM webhook_lanes WHERE lease IS NULL')
    return rows.map(({ xmin }) => xmin).filter((xmin) => !taken.has(xmin))
  }
  // They are taken again and again: seen by one statement.
  await eventually(async () => {
    const transactions = await back()
    return [transactions.length, new Set(transactions).size]
  }).toEqual([3, 3])
})
