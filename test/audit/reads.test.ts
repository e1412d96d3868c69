import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { endpoints } from '../../src/audit/endpoints.js'
import { appendVisits } from '../../src/visits/append.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { openStream } from '../support/event-stream.js'
import { operationsOf } from '../support/operations.js'
import { newOwner } from '../support/owners.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'

const start = new Date('2026-01-31T12:00:02.120Z')
const whole = 'visits:read visits:pii links:read links:write'
const masked = 'visits:read links:read links:write'

let site: TestApp
let owner: number
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const tokenOf = (recipient: number) => `o${owner}r${recipient}`

/** A new owner has link 6, and link 7 with five visits, at 3 to 7 of the account: of people but for the second and the last. */
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(start)
  owner = newOwner()
  await storeLink(site.db, owner, 6)
  await storeLink(site.db, owner, 7)
  await storeRecipients(site.db, owner, 7, ['447700900123', '447700900124'], [tokenOf(1), tokenOf(2)])
  await appendVisits(site.db, owner, [newVisit(6), newVisit(6)])
  const visits = [false, true, false, false, true].map((isBot, at) => {
    return newVisit(7, { isBot, recipientId: at === 3 ? 2 : 1 })
  })
  await appendVisits(site.db, owner, visits)
})
afterEach(() => vi.useRealTimers())

const get = async (url: string, scope: string, headers: Record<string, string> = {}) => {
  const answer = await site.app.inject({ url, headers: { ...site.as(owner, scope), ...headers } })
  return { status: answer.statusCode, tag: String(answer.headers.etag), body: answer.body }
}

interface Shown {
  id: string
  [key: string]: unknown
}

const reads = async (query = '', headers: Record<string, string> = site.as(owner, 'audit:read')) => {
  const answer = await site.app.inject({ url: `/audit/reads${query}`, headers })
  expect([answer.statusCode, answer.json().message]).toEqual([200, 'OK'])
  return answer.json().data as Shown[]
}

const entry = (operation: keyof typeof endpoints, given: object) => ({
  ...{ id: expect.any(String), token_id: null, token_name: null, operation, endpoint: endpoints[operation] },
  ...{ link_id: 7, answers: 1, filters: [], masked: false },
  ...{ first_at: '2026-01-31T12:00:02.120000Z', last_at: '2026-01-31T12:00:02.120000Z' },
  ...given,
})
const range = (first: number | null, last: number | null, rows: number) => ({
  first_position: first,
  last_position: last,
  rows,
})

const visitsOf7 = '/link/urls/7/visits'

const cases: [url: string, entry: object][] = [
  [visitsOf7, entry('listVisits', range(1, 5, 5))],
  [`${visitsOf7}?per_page=2&page=2`, entry('listVisits', range(2, 3, 2))],
  [`${visitsOf7}?as_of=3&per_page=2`, entry('listVisits', range(2, 3, 2))],
  [`${visitsOf7}?bots=exclude&per_page=2`, entry('listVisits', range(3, 4, 2))],
  [`${visitsOf7}?bots=only&sort=created_at`, entry('listVisits', range(2, 5, 2))],
  [
    `${visitsOf7}?filter[mobile]=447700900124&filter[browser]=Chrome`,
    entry('listVisits', { ...range(4, 4, 1), filters: ['mobile'] }),
  ],
  [`${visitsOf7}?filter[token]=nobody`, entry('listVisits', { ...range(null, null, 0), filters: ['token'] })],
  [`${visitsOf7}/feed?limit=3`, entry('followVisits', range(1, 3, 3))],
  ['/link/visits/feed', entry('followAllVisits', { ...range(1, 7, 7), link_id: null })],
  [`${visitsOf7}/export`, entry('exportVisits', range(1, 5, 5))],
  [
    `${visitsOf7}/export?format=parquet&filter[client_ip]=127.0.0.1&bots=exclude`,
    entry('exportVisits', { ...range(1, 4, 3), filters: ['client_ip'] }),
  ],
  [
    `${visitsOf7}/stats?filter[mobile]=447700900124`,
    entry('countVisits', { ...range(null, null, 0), filters: ['mobile'] }),
  ],
  [
    '/link/visits/stats?filter[mobile]=447700900124',
    entry('countAllVisits', { ...range(null, null, 0), filters: ['mobile'], link_id: null }),
  ],
  ['/link/urls/7/recipients?per_page=1', entry('listRecipients', range(2, 2, 1))],
]

describe('what may be seen whole is noted:', () => {
  it.each(cases)('%s', async (url, expected) => {
    expect((await get(url, whole)).status).toBe(200)
    expect(await reads()).toEqual([expected])
  })

  it('recipients that were created', async () => {
    const payload = [{ mobile: '447700900125' }, { mobile: '447700900123', message_id: null }]
    const url = '/link/urls/7/recipients'
    const post = (scope: string) => site.app.inject({ method: 'POST', url, headers: site.as(owner, scope), payload })
    expect((await post(whole)).statusCode).toBe(200)
    expect(await reads()).toEqual([entry('createRecipients', range(1, 3, 2))])
  })

  it('streams, as they go on, once in each minute', async () => {
    await site.app.listen({ port: 0 })
    const cursor = JSON.parse((await get(`${visitsOf7}/feed?limit=3`, masked)).body).meta.next_cursor
    const stream = await openStream(site, `${visitsOf7}/stream?cursor=${cursor}`, site.as(owner, whole))
    const all = await openStream(site, '/link/visits/stream', site.as(owner, masked))
    for (const _ of [4, 5]) expect((await stream.next())?.event).toBe('visit')
    vi.setSystemTime(new Date('2026-01-31T12:01:00Z'))
    for (const seq of [6, 7]) {
      await appendVisits(site.db, owner, [newVisit(7)], { isLive: true })
      expect([seq, (await stream.next())?.event, (await all.next())?.event]).toEqual([seq, 'visit', 'visit'])
    }
    const later = { first_at: '2026-01-31T12:01:00.000000Z', last_at: '2026-01-31T12:01:00.000000Z' }
    expect(await reads()).toEqual([
      entry('streamVisits', { ...range(6, 7, 2), ...later }),
      entry('streamVisits', range(4, 5, 2)),
    ])
    stream.close()
    all.close()
  })

  it('under operations and paths that the document has', async () => {
    const operations = await operationsOf(site)
    const known = operations.map(({ id, method, path }) => [id, `${method} ${path}`])
    const { 'visits export': command, ...ofApi } = endpoints
    expect(Object.fromEntries(known)).toMatchObject(ofApi)
    expect(command).toBe('smart-link visits export')
  })
})

describe('numbers that are named without visits:pii are noted as such:', () => {
  const guessed = { ...range(null, null, 0), filters: ['mobile'], masked: true }

  it.each<[operation: keyof typeof endpoints, url: string, given: object]>([
    ['listVisits', visitsOf7, {}],
    ['listVisits', `${visitsOf7}?filter[token]=a`, { filters: ['mobile', 'token'] }],
    ['exportVisits', `${visitsOf7}/export`, {}],
    ['countVisits', `${visitsOf7}/stats`, {}],
    ['countAllVisits', '/link/visits/stats', { link_id: null }],
    ['listRecipients', '/link/urls/7/recipients', {}],
    ['listRecipients', '/link/urls/999/recipients', { link_id: 999 }],
  ])('by the refused filter of %s: %s', async (operation, url, given) => {
    const query = `${url.includes('?') ? '&' : '?'}filter[mobile]=447700900124`
    for (const number of ['', '9']) expect((await get(url + query + number, masked)).status).toBe(403)
    expect(await reads()).toEqual([entry(operation, { ...guessed, answers: 2, ...given })])
  })

  it('by recipients that were brought, known or not', async () => {
    const url = '/link/urls/7/recipients'
    const post = async (scope: string, payload: object[]) => {
      const answer = await site.app.inject({ method: 'POST', url, headers: site.as(owner, scope), payload })
      expect(answer.statusCode).toBe(200)
    }
    await post(masked, [{ mobile: '447700900123' }, { mobile: '15551234567' }])
    expect(await reads()).toEqual([entry('createRecipients', { ...range(3, 4, 2), filters: ['mobile'], masked: true })])
    await post(masked, [{ mobile: '15551234568', message_id: 'm-1' }])
    await post(whole, [{ mobile: '447700900123' }])
    const both = (await reads()).toSorted((a, b) => Number(a.masked) - Number(b.masked))
    expect(both).toEqual([
      entry('createRecipients', range(1, 1, 1)),
      entry('createRecipients', { ...range(3, 5, 3), answers: 2, filters: ['message_id', 'mobile'], masked: true }),
    ])
  })
})

describe('nothing is noted', () => {
  it.each(cases.map(([url]) => url).filter((url) => !url.includes('mobile')))('without visits:pii: %s', async (url) => {
    expect((await get(url, masked)).status).toBe(200)
    expect(await reads()).toEqual([])
  })

  it('where the client has the answer already (304), or wants its head only', async () => {
    const urls = [visitsOf7, `${visitsOf7}/feed`, '/link/urls/7/recipients', `${visitsOf7}/stats?filter[mobile]=4477`]
    const tags = await Promise.all(urls.map(async (url) => [url, (await get(url, whole)).tag] as const))
    const before = await reads()
    expect(before.map(({ answers }) => answers)).toEqual([1, 1, 1, 1])
    for (const [url, tag] of tags) expect((await get(url, whole, { 'if-none-match': tag })).status).toBe(304)
    for (const url of [...urls, `${visitsOf7}/export`])
      expect((await site.app.inject({ method: 'HEAD', url, headers: site.as(owner, whole) })).statusCode).toBe(200)
    expect(await reads()).toEqual(before)
  })

  it('where nothing was shown: an empty page, the end of a feed, numbers of visits', async () => {
    for (const url of [`${visitsOf7}?page=9`, '/link/visits/feed?since=2030-01-01', `${visitsOf7}/stats`, '/link/urls'])
      expect((await get(url, whole)).status).toBe(200)
    expect(await reads()).toEqual([])
  })

  it('where nothing is answered: a link of somebody else, a value that is none', async () => {
    expect((await get('/link/urls/8/visits', whole)).status).toBe(404)
    expect((await get(`${visitsOf7}?filter[client_ip]=x`, whole)).status).toBe(422)
    expect(await reads()).toEqual([])
  })
})

describe('reads of a minute add up', () => {
  it('whether they were made anew or were ready', async () => {
    // The third one is ready: bodies are kept from the second time on.
    for (const _ of [1, 2, 3, 4]) expect((await get(`${visitsOf7}?per_page=2`, whole)).status).toBe(200)
    vi.setSystemTime(new Date('2026-01-31T12:00:59.999Z'))
    await get(`${visitsOf7}?per_page=2&page=3`, whole)
    await get(`${visitsOf7}?filter[mobile]=447700900123&filter[client_ip]=127.0.0.1`, whole)
    const noted = { ...range(1, 5, 13), answers: 6, filters: ['client_ip', 'mobile'] }
    const once = entry('listVisits', { ...noted, last_at: '2026-01-31T12:00:59.999000Z' })
    expect(await reads()).toEqual([once])
    await get(`${visitsOf7}?filter[token]=${tokenOf(1)}`, whole)
    expect(await reads()).toMatchObject([{ answers: 7, rows: 17, filters: ['client_ip', 'mobile', 'token'] }])
  })

  it('apart from those of another minute, link, endpoint and token', async () => {
    const token = await newToken(site, owner, { name: 'Reports', scopes: ['visits:read', 'visits:pii'] })
    await get(visitsOf7, whole)
    await site.app.inject({ url: visitsOf7, headers: withToken(token.access_token) })
    await get('/link/urls/6/visits', whole)
    await get(`${visitsOf7}/feed`, whole)
    vi.setSystemTime(new Date('2026-01-31T12:01:00Z'))
    await get(visitsOf7, whole)
    const found = await reads()
    expect(found[0]).toMatchObject({ operation: 'listVisits', first_at: '2026-01-31T12:01:00.000000Z', link_id: 7 })
    const others = found.slice(1).map(({ token_id, token_name, operation, link_id, rows }) => {
      return [token_id, token_name, operation, link_id, rows]
    })
    expect(others.sort()).toEqual(
      [
        [null, null, 'followVisits', 7, 5],
        [null, null, 'listVisits', 6, 2],
        [null, null, 'listVisits', 7, 5],
        [token.id, 'Reports', 'listVisits', 7, 5],
      ].sort(),
    )
  })

  it('over several servers, also when both have noted at once', async () => {
    const other = await testApp({ databaseUrl: site.url })
    for (const { app } of [site, other, site, other, other])
      expect((await app.inject({ url: `${visitsOf7}?per_page=1`, headers: site.as(owner, whole) })).statusCode).toBe(
        200,
      )
    vi.setSystemTime(new Date('2026-01-31T12:00:30Z'))
    await other.app.inject({ url: `${visitsOf7}/?page=5&per_page=1`, headers: site.as(owner, whole) })
    await Promise.all([site, other].map(({ app }) => app.inject({ url: '/audit/reads', headers: site.as(owner) })))
    const both = { ...range(1, 5, 6), answers: 6, last_at: '2026-01-31T12:00:30.000000Z' }
    expect(await reads()).toEqual([entry('listVisits', both)])
  })
})

it('no value of a filter is stored', async () => {
  await get(
    `${visitsOf7}?filter[mobile]=447700900124&filter[message_id]=${tokenOf(2)}&filter[client_ip]=127.0.0.1`,
    whole,
  )
  await reads()
  const { rows } = await site.db.pool.query('SELECT to_jsonb(r)::text AS text FROM reads r WHERE user_id = $1', [owner])
  expect(rows).toHaveLength(1)
  for (const value of ['447700900124', tokenOf(2), '127.0.0.1']) expect(rows[0].text).not.toContain(value)
})

describe('the list of reads', () => {
  it("shows nobody another owner's", async () => {
    await get(visitsOf7, whole)
    const [read] = await reads()
    expect(await reads('', site.as(newOwner()))).toEqual([])
    expect(await reads(`?cursor=ffffffff-ffff-8fff-bfff-ffffffffffff&filter[link_id]=7`, site.as(newOwner()))).toEqual(
      [],
    )
    expect(read?.rows).toBe(5)
  })

  it('goes on from a cursor, newest minute first, under its filters', async () => {
    const token = await newToken(site, owner, { scopes: ['visits:read', 'visits:pii'] })
    for (const minute of [0, 1, 2, 3]) {
      vi.setSystemTime(start.getTime() + minute * 60_000)
      await get(minute % 2 === 0 ? visitsOf7 : '/link/urls/6/visits', whole)
    }
    await site.app.inject({ url: visitsOf7, headers: withToken(token.access_token) })
    const times = async (query: string) => (await reads(query)).map(({ first_at }) => String(first_at).slice(14, 19))
    expect(await times('')).toEqual(['03:02', '03:02', '02:02', '01:02', '00:02'])
    expect(await times('?filter[link_id]=6')).toEqual(['03:02', '01:02'])
    expect(await times(`?filter[token_id]=${token.id.toUpperCase()}`)).toEqual(['03:02'])
    expect(await times(`?filter[token_id]=${token.id}&filter[link_id]=6`)).toEqual([])
    expect(await times('?from=2026-01-31T12:01:02.120Z&to=2026-01-31T12:02:02.120Z')).toEqual(['01:02'])
    expect(await times('?from=2026-01-31T12:01:02.121Z&to=2026-01-31T12:02:02.121Z')).toEqual(['02:02'])
    expect(await times('?from=2026-02-01')).toEqual([])
    expect(await times('?to=1970-01-01')).toEqual([])

    const seen: string[] = []
    for (let url: string | null = '/audit/reads?limit=2&to=2026-02-01&filter[token_id]='; url !== null; ) {
      const answer: { data: Shown[]; links: { next: string | null } } = (
        await site.app.inject({ url, headers: site.as(owner) })
      ).json()
      seen.push(...answer.data.map(({ id }) => id))
      url = answer.links.next
    }
    expect(seen).toEqual((await reads()).map(({ id }) => id))
    expect(seen).toHaveLength(5)
  })

  it.each([
    ['limit=0', 'limit', 'The limit field must be a number between 1 and 1000.'],
    ['cursor=x', 'cursor', 'The cursor field must be a cursor of this list.'],
    ['filter[link_id]=x', 'filter.link_id', 'The filter link_id must be the id of a link.'],
    ['filter[token_id]=7', 'filter.token_id', 'The filter token_id must be the id of an access token.'],
    ['filter[mobile]=1', 'filter.mobile', 'There is no such filter. There are token_id and link_id.'],
    [
      'from=yesterday',
      'from',
      'The from field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31 or 2026-01-31T12:00:00+01:00.',
    ],
  ])('refuses %s', async (query, field, message) => {
    const answer = await site.app.inject({ url: `/audit/reads?${query}`, headers: site.as(owner) })
    expect([answer.statusCode, answer.json().errors]).toEqual([422, { [field]: [message] }])
  })
})
