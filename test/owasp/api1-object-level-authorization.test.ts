/** OWASP API Security Top 10 (2023), API1 broken object level authorization. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '../../src/accounts/scopes.js'
import { openApp, type TestApp } from '../support/app.js'
import { type Operation, operationsOf, requestOf } from '../support/operations.js'
import { namedBy, newThings, storedOf, type Things } from '../support/two-accounts.js'

let site: TestApp
let operations: Operation[]
let mine: Things
let theirs: Things
beforeAll(async () => {
  site = await openApp()
  operations = await operationsOf(site)
  mine = await newThings(site, 1)
  theirs = await newThings(site, 2)
})
afterAll(() => site.close())

const everything = scopes.join(' ')
const ask = (operation: Operation, ids: string[], headers: Record<string, string>) =>
  site.app.inject({ ...requestOf(operation, ids), headers })
const callable = () => operations.filter(({ needsCaller }) => needsCaller)
const nobodys = ['900000001', '01a206d4-16b5-7f4f-98b7-970dc78e479a']
const envelope = (code: number, message: string) => ({ status: 'ERROR', code, message, data: [] })

/** Ids that name nothing, of the same kinds. */
const missing = (ids: string[]) => ids.map((id) => nobodys[/^\d+$/.test(id) ? 0 : 1] ?? '')

it("another's thing is a missing one for every operation that names one, and stays as it is", async () => {
  const naming = callable().filter(({ parameters }) => parameters.length > 0)
  expect(naming.length).toBeGreaterThan(15)
  const before = await storedOf(site, 2)
  for (const operation of naming) {
    const foreign = namedBy(operation.path, theirs)
    // The whole path is somebody else's, or the first thing is mine and what it has is not.
    const ways = [
      foreign,
      ...(foreign.length > 1 ? [[...namedBy(operation.path, mine).slice(0, -1), foreign.at(-1) ?? '']] : []),
    ]
    const wanted = await ask(operation, missing(foreign), site.as(1, everything))
    expect([operation.id, wanted.statusCode]).toEqual([operation.id, 404])
    if (!operation.isEndless) expect(wanted.json()).toEqual(envelope(404, 'No results found'))
    for (const ids of ways) {
      const answer = await ask(operation, ids, site.as(1, everything))
      expect([operation.id, ids, answer.statusCode, answer.body]).toEqual([operation.id, ids, 404, wanted.body])
      const told = ({ 'x-request-id': _, date: __, ...headers }: Record<string, unknown>) => headers
      expect(told(answer.headers)).toEqual(told(wanted.headers))
    }
  }
  expect(await storedOf(site, 2)).toEqual(before)
})

it('one of my own is found by the same requests', async () => {
  for (const operation of callable().filter(({ parameters }) => parameters.length > 0)) {
    const own = await newThings(site, 3)
    const { statusCode } = await ask(operation, namedBy(operation.path, own), site.as(3, everything))
    expect([operation.id, statusCode]).toEqual([operation.id, 200])
  }
})

it("another's things are named by no parameter, field or header either", async () => {
  const headers = site.as(1, everything)
  const get = async (url: string) => (await site.app.inject({ url, headers })).json()
  const { link, webhook, visit, secrets, token } = theirs
  const { data: feed, meta } = (
    await site.app.inject({ url: `/link/urls/${link}/visits/feed`, headers: site.as(2, everything) })
  ).json()
  expect(feed).toHaveLength(1)
  for (const url of [
    `/link/urls/${mine.link}/visits/feed`,
    '/link/visits/feed',
    `/link/urls/${mine.link}/visits/export`,
  ]) {
    expect(await get(`${url}?cursor=${meta.next_cursor}`)).toMatchObject({ code: 422 })
  }
  expect(await get(`/link/urls/${mine.link}/visits/export?after=${visit}`)).toMatchObject({ code: 422 })
  for (const query of [`filter[id]=${link}`, `filter[webhook_id]=${webhook}`, `search=link${theirs.ownerId}x`]) {
    expect(await get(`/link/urls?${query}`)).toMatchObject({ code: 200, data: [] })
  }
  expect((await get(`/link/urls/${mine.link}/visits?filter[mobile]=${secrets.mobile}`)).data).toEqual([])
  for (const name of ['user_id', 'owner_id', 'sub', 'filter[user_id]', 'as']) {
    for (const { path } of callable().filter(({ method, parameters }) => method === 'GET' && parameters.length === 0)) {
      if (path.endsWith('/stream')) continue
      const body = (await site.app.inject({ url: `${path}?${name}=2`, headers })).body
      for (const foreign of [`"link of 2"`, '"webhook of 2"', 'of-2.example', `"${token}"`]) {
        expect([path, name, body.includes(foreign)]).toEqual([path, name, false])
      }
    }
  }
  const identity = { 'x-user-id': '2', 'x-forwarded-user': '2', 'x-owner': '2', cookie: 'user_id=2' }
  expect((await site.app.inject({ url: '/auth/me', headers: { ...headers, ...identity } })).json().data.id).toBe(1)
})

it("a link of mine that names another's webhook tells it nothing", async () => {
  const own = await newThings(site, 4)
  await site.db.pool.query('UPDATE links SET webhook_id = $1 WHERE user_id = 4', [theirs.webhook])
  const before = await storedOf(site, 2)
  const { statusCode } = await site.app.inject(`/link4x${own.link}`)
  expect(statusCode).toBe(302)
  expect(await storedOf(site, 2)).toEqual(before)
  const { rows } = await site.db.pool.query('SELECT FROM webhook_deliveries WHERE webhook_id = $1 AND user_id <> 2', [
    theirs.webhook,
  ])
  expect(rows).toEqual([])
})
