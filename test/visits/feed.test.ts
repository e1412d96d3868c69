import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { newVisit, storeLinks } from '../support/visits.js'

interface FeedBody {
  data: { id: string }[]
  links: { next: string; prev: null; first: null; last: null }
  meta: { next_cursor: string; prev_cursor: null; per_page: number; path: string; complete_through: string | null }
}

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

/** Links 21 and 22 of a new owner. */
async function feedOf({ app, db, as } = site) {
  const owner = newOwner()
  await storeLinks(db, owner, 21, 22)
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({ url, headers: { ...as(owner), ...headers } })
    return {
      ...answer,
      status: answer.statusCode,
      tag: String(answer.headers.etag),
      body: answer.body === '' ? null : answer.json<FeedBody>(),
    }
  }
  const append = async (linkId: number, count: number) => {
    const visits = Array.from({ length: count }, () => newVisit(linkId))
    await appendVisits(db, owner, visits)
    return visits.map(({ id }) => id)
  }
  return { app, db, as, owner, get, append }
}

const ids = (body: FeedBody | null) => body?.data.map(({ id }) => id)

describe('the feed of a link', () => {
  it('gives every visit once, oldest first, and a usable cursor at the end', async () => {
    const { get, append } = await feedOf()
    const first = await append(21, 5)
    const one = await get('/link/urls/21/visits/feed?limit=3')
    expect(ids(one.body)).toEqual(first.slice(0, 3))
    const two = await get(`/link/urls/21/visits/feed?limit=3&cursor=${one.body?.meta.next_cursor}`)
    expect(ids(two.body)).toEqual(first.slice(3))
    const empty = await get(`/link/urls/21/visits/feed?limit=3&cursor=${two.body?.meta.next_cursor}`)
    expect(ids(empty.body)).toEqual([])
    const more = await append(21, 1)
    const three = await get(empty.body?.links.next.replace('https://api.example.com', '') ?? '')
    expect(ids(three.body)).toEqual(more)
  })

  it('names the cursor page as Laravel does', async () => {
    const { get } = await feedOf()
    const { body } = await get('/api/v2/link/urls/21/visits/feed')
    const path = 'https://api.example.com/api/v2/link/urls/21/visits/feed'
    const cursor = body?.meta.next_cursor
    expect(body).toEqual({
      status: 'OK',
      code: 200,
      message: 'Visits',
      data: [],
      links: { first: null, last: null, prev: null, next: `${path}?limit=100&cursor=${cursor}` },
      meta: { path, per_page: 100, next_cursor: cursor, prev_cursor: null, complete_through: null, erased: [] },
    })
  })

  it('refuses a cursor that was tampered with, is of another feed, or of another owner', async () => {
    const { app, as, get, append } = await feedOf()
    await append(21, 1)
    const cursor = (await get('/link/urls/21/visits/feed')).body?.meta.next_cursor ?? ''
    const turned = cursor.slice(0, 10) + (cursor[10] === 'A' ? 'B' : 'A') + cursor.slice(11)
    for (const url of [
      `/link/urls/21/visits/feed?cursor=${turned}`,
      `/link/urls/22/visits/feed?cursor=${cursor}`,
      `/link/visits/feed?cursor=${cursor}`,
      '/link/urls/21/visits/feed?cursor=x',
    ]) {
      expect((await get(url)).body).toMatchObject({
        code: 422,
        errors: { cursor: ['The cursor field must be a cursor of this feed.'] },
      })
    }
    const foreign = await app.inject({ url: `/link/visits/feed?cursor=${cursor}`, headers: as(newOwner()) })
    expect(foreign.statusCode).toBe(422)
  })

  it('starts at a time of recording with since', async () => {
    const { get, append, db } = await feedOf()
    await append(21, 20)
    const { rows } = await db.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')
    const later = await append(21, 3)
    // Times are kept to the millisecond; the first batch may share the last millisecond with `now`.
    const since = new Date((rows[0]?.now.getTime() ?? 0) + 1).toISOString()
    const found = ids((await get(`/link/urls/21/visits/feed?since=${since}`)).body) ?? []
    expect(later.slice(-found.length)).toEqual(found)
    const { body } = await get('/link/urls/21/visits/feed?since=2100-01-01')
    expect(ids(body)).toEqual([])
    expect(ids((await get('/link/urls/21/visits/feed?since=1990-01-01')).body)).toHaveLength(23)
  })

  it('says through which time it is complete: nothing recorded earlier appears later', async () => {
    const { get, append } = await feedOf()
    await append(21, 3)
    const part = (await get('/link/urls/21/visits/feed?limit=1')).body
    const before = (await get('/link/urls/21/visits/feed')).body?.meta.complete_through ?? ''
    expect(part?.meta.complete_through).toBe(before)
    await append(21, 1)
    const after = (await get('/link/urls/21/visits/feed')).body?.meta.complete_through ?? ''
    expect(after >= before).toBe(true)
  })
})

describe('waiting at the end of a feed', () => {
  it('answers as soon as a visit of that link is recorded, by whichever process', async () => {
    const { get, append } = await feedOf()
    const cursor = (await get('/link/urls/21/visits/feed')).body?.meta.next_cursor
    const held = get(`/link/urls/21/visits/feed?wait=60&cursor=${cursor}`)
    await append(22, 1)
    const stored = await append(21, 1)
    expect(ids((await held).body)).toEqual(stored)
  })

  it('is no less allowed with the access token in the query', async () => {
    const { app, as, owner, get, append } = await feedOf()
    const cursor = (await get('/link/urls/21/visits/feed')).body?.meta.next_cursor
    const token = as(owner).authorization.slice('Bearer '.length)
    const held = app.inject({ url: `/link/urls/21/visits/feed?wait=60&cursor=${cursor}&access_token=${token}` })
    const stored = await append(21, 1)
    const answer = await held
    expect([answer.statusCode, ids(answer.json())]).toEqual([200, stored])
  })

  it('answers empty when the server stops', async () => {
    const { app, get } = await feedOf(await testApp())
    const cursor = (await get('/link/visits/feed')).body?.meta.next_cursor
    await app.listen({ port: 0, host: '127.0.0.1' })
    const held = get(`/link/visits/feed?wait=60&cursor=${cursor}`)
    await new Promise((resolve) => setImmediate(resolve))
    await app.close()
    expect(ids((await held).body)).toEqual([])
  })
})

describe('the feed of the account', () => {
  it('has all links in the order of recording', async () => {
    const { get, append } = await feedOf()
    const stored = [...(await append(21, 2)), ...(await append(22, 2)), ...(await append(21, 1))]
    expect(ids((await get('/link/visits/feed')).body)).toEqual(stored)
    const one = await get('/link/visits/feed?limit=4')
    expect(ids((await get(`/link/visits/feed?limit=4&cursor=${one.body?.meta.next_cursor}`)).body)).toEqual(
      stored.slice(4),
    )
  })

  it('is empty for an owner without visits', async () => {
    await (await feedOf()).append(21, 1)
    const answer = await site.app.inject({ url: '/link/visits/feed', headers: site.as(newOwner()) })
    expect(answer.json<FeedBody>()).toMatchObject({ code: 200, data: [], meta: { complete_through: null } })
  })
})

describe('the tag of a feed page', () => {
  it.each(['/link/urls/21/visits/feed', '/link/visits/feed'])(
    'of %s changes when, and only when, its body would',
    async (path) => {
      const { get, append } = await feedOf()
      await append(21, 3)
      const full = await get(`${path}?limit=2`)
      const end = await get(`${path}?limit=50`)
      expect((await get(`${path}?limit=2`, { 'if-none-match': full.tag })).status).toBe(304)
      expect((await get(`${path}?limit=50`, { 'if-none-match': end.tag })).status).toBe(304)
      await append(21, 1)
      expect((await get(`${path}?limit=2`, { 'if-none-match': full.tag })).status).toBe(304)
      expect((await get(`${path}?limit=50`, { 'if-none-match': end.tag })).status).toBe(200)
    },
  )
})

it.each([
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['wait=61', 'wait'],
  ['since=yesterday', 'since'],
  ['filter[browser]=Chrome', 'filter'],
  ['since=2026-01-01&cursor=x', 'since'],
])('refuses the feed parameter %s by name', async (query, field) => {
  const { get } = await feedOf()
  const { body } = await get(`/link/visits/feed?${query}`)
  expect(body).toMatchObject({ code: 422, errors: { [field]: [expect.any(String)] } })
})
