import { afterAll, beforeAll, expect, it } from 'vitest'
import { demoOwner, storeDemo } from '../../src/demo/data.js'
import { SeededRandom } from '../../src/demo/random.js'
import { startReceiver, tellReceiver } from '../../src/demo/receiver.js'
import { storeDemoTokens } from '../../src/demo/tokens.js'
import { openLinks, openOnce, startTrickle } from '../../src/demo/trickle.js'
import { openApp, type TestApp } from '../support/app.js'
import { until } from '../support/until.js'

/** A Tuesday. */
const end = new Date('2026-11-24T18:00:00Z')

let site: TestApp
let address: string
beforeAll(async () => {
  site = await openApp({ env: { TRUST_PROXY: '127.0.0.1' } })
  address = await site.app.listen({ port: 0, host: '127.0.0.1' })
  await storeDemo(site.db, '127.0.0.1', end)
})
afterAll(() => site?.close())

const get = async (path: string) =>
  (await fetch(address + path, { headers: site.as(demoOwner) })).json() as Promise<{
    data: never
    meta: { total: number }
  }>

interface Statistics {
  totals: { visits: number; people: number; bots: number; unique_visitors: number }
  groups: Record<string, number | string>[]
}
const statistics = async (query: string): Promise<Statistics> => (await get(`/link/visits/stats?${query}`)).data

const total = async () => (await statistics('')).totals.visits

it('has people and bots, many countries, and growth from week to week', async () => {
  const { totals, groups } = await statistics('group_by=country_code&top=100')
  expect(totals.visits).toBe(6000)
  expect(totals.bots).toBeGreaterThan(900)
  expect(totals.people).toBeGreaterThan(4500)
  expect(groups.length).toBeGreaterThan(15)
  // Some come again.
  expect(totals.unique_visitors).toBeLessThan(totals.people * 0.8)
  const between = async (from: string, to: string) =>
    (await statistics(`from=${from}&to=${to}&bots=exclude`)).totals.people
  const [early, late] = [await between('2026-08-27', '2026-09-26'), await between('2026-10-25', '2026-11-24')]
  expect(late).toBeGreaterThan(early * 1.3)
})

it('has quiet nights and weekends, by the clocks of those who open', async () => {
  const { groups } = await statistics(
    'group_by=weekday,hour&timezone=Asia/Kolkata&filter[country_code]=IN&bots=exclude&top=100',
  )
  const sum = (fits: (group: { weekday: number; hour: number }) => boolean) =>
    groups
      .filter(({ weekday, hour }) => fits({ weekday: Number(weekday), hour: Number(hour) }))
      .reduce((all, { visits }) => all + Number(visits), 0)
  expect(sum(({ hour }) => hour >= 11 && hour < 14)).toBeGreaterThan(5 * sum(({ hour }) => hour >= 2 && hour < 5))
  expect(sum(({ weekday }) => weekday <= 5) / 5).toBeGreaterThan(1.3 * (sum(({ weekday }) => weekday > 5) / 2))
})

it('has recipients who have opened and others who have not, also among the newest', async () => {
  const list = async (query: string) => await get(`/link/urls/21/recipients?per_page=25&${query}`)
  const [all, opened] = [await list(''), await list('filter[visited]=1')]
  expect(all.meta.total).toBe(900)
  expect(opened.meta.total).toBeGreaterThan(400)
  expect(opened.meta.total).toBeLessThan(700)
  const newest = (all.data as { human_visits: number }[]).filter(({ human_visits }) => human_visits > 0).length
  expect(newest).toBeGreaterThan(5)
  expect(newest).toBeLessThan(23)
})

it('has links with titles and tags, and access tokens of several kinds', async () => {
  await storeDemoTokens(site.db, end)
  const links = (await get('/link/urls?include=settings')).data as { title: string; tags: string[]; visits: number }[]
  expect(links.length).toBe(8)
  for (const { title, tags, visits } of links)
    expect([title === '', tags.length, visits > 100]).toEqual([false, expect.any(Number), true])
  expect(new Set(links.flatMap(({ tags }) => tags)).size).toBeGreaterThan(5)
  const tokens = (await get('/developer/tokens')).data as { name: string }[]
  expect(tokens.map(({ name }) => name)).toEqual(['Monthly report', 'Shop system', 'Old integration'])
})

it('opens links through the redirect, from all over the world, by people and bots', async () => {
  const before = await total()
  const options = { address, links: await openLinks(site.db), random: new SeededRandom(7) }
  for (let count = 0; count < 60; count++) expect(await openOnce(options)).toBe(302)
  expect(await total()).toBe(before + 60)
  const { rows } = await site.db.pool.query(
    `SELECT host(v.client_ip) AS ip, v.scheme, v.human_seq IS NULL AS is_bot, v.recipient_id, p.country_code
     FROM visits v LEFT JOIN places p ON p.id = v.place_id ORDER BY v.account_seq DESC LIMIT 60`,
  )
  expect(rows.filter(({ ip }) => ip.startsWith('127.'))).toEqual([])
  expect(new Set(rows.map(({ scheme }) => scheme))).toEqual(new Set(['https']))
  expect(new Set(rows.map(({ country_code }) => country_code)).size).toBeGreaterThan(5)
  expect(new Set(rows.map(({ is_bot }) => is_bot))).toEqual(new Set([true, false]))
  expect(rows.filter(({ recipient_id }) => recipient_id !== null).length).toBeGreaterThan(20)
})

it('trickles until it is stopped, and not after', async () => {
  const before = await total()
  const stop = startTrickle({ address, links: await openLinks(site.db), random: new SeededRandom(8) }, 1)
  await until(async () => (await total()) >= before + 10)
  const opened = await stop()
  expect(await total()).toBe(before + opened)
})

it('has a webhook that leads to the receiver of this run, also after another start', async () => {
  for (const run of [1, 2]) {
    const receiver = await startReceiver()
    await tellReceiver(site.db, receiver.url)
    expect((await get('/developer/webhooks')).data, `run ${run}`).toMatchObject([
      { name: 'Order desk', uri: receiver.url },
    ])
    const answers: number[] = []
    for (let count = 0; count < 12; count++)
      answers.push((await fetch(receiver.url, { method: 'POST', body: '{}' })).status)
    expect(answers).toEqual([...Array(11).fill(204), 503])
    await receiver.close()
  }
  const told = (await get('/link/urls')).data as { id: number; webhook_id: string | null }[]
  expect(told.filter(({ webhook_id }) => webhook_id !== null).map(({ id }) => id)).toEqual([25, 20])
})
