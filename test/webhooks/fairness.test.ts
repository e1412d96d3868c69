import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Receiver, startReceiver } from '../support/receiver.js'
import { type DeliverySite, deliverySites, eventually, longestPauses, type OwnerSite } from './site.js'

const deliverySite = deliverySites()

/** Takes requests and does not answer them before the test is over. */
async function silentReceiver() {
  const open = new Set<ServerResponse>()
  let most = 0
  const receiver = await startReceiver((response) => {
    open.add(response)
    most = Math.max(most, open.size)
    response.on('close', () => open.delete(response))
  })
  const answerAll = () => {
    receiver.behave((response) => response.writeHead(204).end())
    for (const response of open) response.writeHead(204).end()
  }
  return { ...receiver, most: () => most, answerAll }
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, nth) => first + nth)

/** Links of an owner that lead to a webhook of their own, each opened once. */
async function opened(owner: OwnerSite, uri: string, links: number[]): Promise<void> {
  await owner.links((await owner.webhook(uri)).id, ...links)
  for (const link of links) await owner.visit(link)
}

const idsOf = ({ messages }: Pick<Receiver, 'messages'>) => messages().map(({ id }) => id)

describe('receivers that do not answer', () => {
  async function delivering(site: DeliverySite, silent: { answerAll(): void }[], slots: number) {
    const process = site.deliver({ env: { WEBHOOK_CONCURRENCY: String(slots), ...longestPauses() } })
    onTestFinished(async () => {
      for (const { answerAll } of silent) answerAll()
      await process.close()
    })
  }

  it('take a quarter of the slots each: another webhook of the owner is told meanwhile', async () => {
    const site = await deliverySite()
    const [silent, quick] = [await silentReceiver(), await startReceiver()]
    await opened(site, silent.url, range(1, 30))
    await site.links((await site.webhook(quick.url)).id, 100, 101)
    await delivering(site, [silent], 8)
    await eventually(silent.most).toBe(2)
    const ids = [...(await site.visit(100, 5)), ...(await site.visit(101, 5))]
    await eventually(() => idsOf(quick).toSorted()).toEqual(ids.toSorted())
    expect(silent.most()).toBe(2)
  })

  it('take half of the slots, however many of them an owner has: others are told meanwhile', async () => {
    const site = await deliverySite()
    const silent = await Promise.all(range(0, 4).map(silentReceiver))
    const quick = await startReceiver()
    for (const [nth, { url }] of silent.entries()) await opened(site, url, range(1 + nth * 10, 10))
    const others = [2, 3, 4].map(site.of)
    for (const other of others) await other.links((await other.webhook(quick.url)).id, 1, 2)
    await delivering(site, silent, 16)
    const held = () => silent.reduce((sum, { most }) => sum + most(), 0)
    await eventually(held).toBe(8)
    const ids: string[] = []
    for (const other of others) for (const link of [1, 2]) ids.push(...(await other.visit(link, 5)))
    await eventually(() => idsOf(quick).toSorted()).toEqual(ids.toSorted())
  })

  it('leave a slot free, however many owners have them', async () => {
    const site = await deliverySite()
    const silent = await Promise.all(range(0, 6).map(silentReceiver))
    const quick = await startReceiver()
    for (const [nth, { url }] of silent.entries()) await opened(site.of(nth + 1), url, range(1, 10))
    const other = site.of(7)
    await other.links((await other.webhook(quick.url)).id, 1)
    await delivering(site, silent, 8)
    await eventually(() => silent.map(({ most }) => most() > 0)).toEqual(Array(6).fill(true))
    const ids = await other.visit(1, 5)
    await eventually(() => idsOf(quick)).toEqual(ids)
  })

  it('take half of the slots where it is one for many owners: others are told meanwhile', async () => {
    const site = await deliverySite()
    const [silent, quick] = [await silentReceiver(), await startReceiver()]
    for (const owner of range(1, 12)) await opened(site.of(owner), `${silent.url}/${owner}`, [1])
    const other = site.of(100)
    await other.links((await other.webhook(quick.url)).id, 1)
    await delivering(site, [silent], 8)
    await eventually(silent.most).toBe(4)
    const ids = await other.visit(1, 5)
    await eventually(() => idsOf(quick)).toEqual(ids)
    expect(silent.most()).toBe(4)
  })
})

it('owners have their turns one after the other, however much waits of one of them', async () => {
  const site = await deliverySite()
  const receiver = await startReceiver()
  await opened(site.of(2), `${receiver.url}/2`, range(1, 20))
  for (const owner of [1, 3]) await opened(site.of(owner), `${receiver.url}/${owner}`, [1, 2])
  site.deliver({ env: { WEBHOOK_CONCURRENCY: '1' } })
  await eventually(() => receiver.received.length).toBe(24)
  const owners = receiver.received.map(({ url }) => url.slice(1))
  expect(owners.slice(0, 7)).toEqual(['1', '2', '3', '1', '2', '3', '2'])
})
