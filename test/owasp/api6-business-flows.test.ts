/** OWASP API Security Top 10 (2023), API6 unrestricted access to sensitive business flows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { newThings } from '../support/two-accounts.js'
import { storeLinks } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

it('short links cannot be opened, nor their codes tried out, in bulk from one address where the site limits that', async () => {
  const { app, db } = await testApp({ env: { OPENINGS_LIMIT: '10' } })
  await storeLinks(db, 1, 7)
  const statuses: number[] = []
  for (let nth = 0; nth < 30; nth++) {
    statuses.push((await app.inject({ url: nth % 2 === 0 ? '/link1x7' : `/guess${nth}` })).statusCode)
  }
  expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 5 }, () => [302, 404]).flat())
  expect(new Set(statuses.slice(10))).toEqual(new Set([429]))
  expect((await db.pool.query('SELECT FROM visits')).rowCount).toBe(5)
})

it('codes for recipients come in batches that have an end, and nobody gets a second one', async () => {
  const own = await newThings(site, 9)
  const create = (number: number) =>
    site.app.inject({
      method: 'POST',
      url: `/link/urls/${own.link}/recipients`,
      headers: site.as(9),
      payload: Array.from({ length: number }, (_, nth) => ({ mobile: String(4_477_111_000_000 + (nth % 5_000)) })),
    })
  expect((await create(10_001)).statusCode).toBe(422)
  const tokens = async () => (await create(10_000)).json().data.map(({ token }: { token: string }) => token)
  const first = await tokens()
  expect(new Set(first).size).toBe(5_000)
  expect(await tokens()).toEqual(first)
})

it('codes cannot be guessed from one another', async () => {
  const own = await newThings(site, 10)
  const answer = await site.app.inject({
    method: 'POST',
    url: `/link/urls/${own.link}/recipients`,
    headers: site.as(10),
    payload: Array.from({ length: 200 }, (_, nth) => ({ mobile: String(4_477_222_000_000 + nth) })),
  })
  const tokens: string[] = answer.json().data.map(({ token }: { token: string }) => token)
  expect([...tokens].sort()).not.toEqual(tokens)
  // Neighbours have no more in common than strangers.
  const shared = tokens.slice(1).filter((token, nth) => token.slice(0, 2) === tokens[nth]?.slice(0, 2))
  expect(shared.length).toBeLessThan(10)
})
