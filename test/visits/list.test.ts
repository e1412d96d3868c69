import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { chromeOnMac, localhost, newVisit, storeLinks, storeRecipients } from '../support/visits.js'

const safari = { ...chromeOnMac, browser: 'Mobile Safari', platform: 'iOS', deviceType: 'smartphone' }
const unknownAgent = { ...chromeOnMac, browser: null, platform: null, deviceType: null, deviceBrand: null }
const berlin = { ...localhost, country: 'Germany', countryCode: 'DE', region: 'Berlin', city: 'Berlin' }
const bot = { isBot: true, options: { bot: true, bot_reason: 'user_agent' } }

const env = { TZ_OUTPUT: 'Europe/Berlin' }
let site: TestApp
beforeAll(async () => {
  site = await openApp({ env })
})
afterAll(() => site.close())

/** Link 21 of a new owner, with two recipients and these visits. */
async function listOf(visits: Partial<NewVisit>[] = [], { app, db, as } = site) {
  const owner = newOwner()
  const people = [`${owner}x1`, `${owner}x2`]
  await storeLinks(db, owner, 21)
  await storeRecipients(db, owner, 21, ['4477009001', '4477009002'], people)
  const stored = visits.map((visit) => newVisit(21, visit))
  await appendVisits(db, owner, stored)
  const get = async (query: string, given: { scope?: string; tag?: string } = {}) => {
    const headers = { ...as(owner, given.scope), ...(given.tag !== undefined && { 'if-none-match': given.tag }) }
    const answer = await app.inject({ url: `/link/urls/21/visits?${query}`, headers })
    const body = answer.body === '' ? null : answer.json()
    /** Which of the stored visits are in the answer, by index, in its order. */
    const found = body?.data?.map((visit: { id: string }) => stored.findIndex(({ id }) => id === visit.id))
    return { status: answer.statusCode, headers: answer.headers, tag: String(answer.headers.etag), body, found }
  }
  const append = async (...more: Partial<NewVisit>[]) => {
    const added = more.map((visit) => newVisit(21, visit))
    stored.push(...added)
    await appendVisits(db, owner, added)
  }
  return { owner, people, get, append }
}

describe('filters', () => {
  /** With tokens of its own: `TOKEN1` in a query is that of recipient 1. */
  const visits: Partial<NewVisit>[] = [
    { createdAt: new Date('2026-06-25T21:59:59Z'), clientIp: '10.0.0.1', options: { suspect: 'network' } },
    { createdAt: new Date('2026-06-25T22:00:00Z'), userAgent: safari, place: berlin, recipientId: 1 },
    { createdAt: new Date('2026-06-28T21:59:59Z'), userAgent: unknownAgent, place: null, recipientId: 2 },
    {
      ...{ createdAt: new Date('2026-06-28T22:00:00Z'), userAgent: safari, clientIp: '2001:db8::1', ...bot },
      ...{ host: 'go.example.com', browserLang: 'hi' },
    },
  ]
  let list: Awaited<ReturnType<typeof listOf>>
  beforeAll(async () => {
    list = await listOf(visits)
  })

  it.each([
    ['filter[browser]=Chrome', [0]],
    ['filter[browser]=Chrome,Mobile Safari', [3, 1, 0]],
    ['filter[browser]=-Chrome', [3, 2, 1]],
    ['filter[platform]=iOS&filter[country_code]=de', [1]],
    ['filter[device_type]=smartphone', [3, 1]],
    ['filter[device_brand]=-Apple', [2]],
    ['filter[city]=Berlin', [1]],
    ['filter[city]=-Berlin', [3, 2, 0]],
    ['filter[region]=Berlin', [1]],
    ['filter[region]=-Berlin', [3, 2, 0]],
    ['filter[browser_lang]=hi', [3]],
    ['filter[browser_lang]=en', [2, 1, 0]],
    ['filter[host]=go.example.com', [3]],
    ['filter[host]=-go.example.com', [2, 1, 0]],
    ['filter[token]=TOKEN1', [1]],
    ['filter[token]=-TOKEN1', [3, 2, 0]],
    ['filter[message_id]=TOKEN2', [2]],
    ['filter[client_ip]=2001:DB8:0::1', [3]],
    ['filter[client_ip]=10.0.0.1,127.0.0.1', [2, 1, 0]],
    ['filter[suspect]=network', [0]],
    ['filter[suspect]=-network', [3, 2, 1]],
    ['filter[suspect]=network,-network', []],
    ['filter[suspect]=network&bots=only', []],
    ['bots=exclude', [2, 1, 0]],
    ['bots=only', [3]],
    ['bots=only&filter[browser]=Chrome', []],
    ['sort=created_at', [0, 1, 2, 3]],
    ['sort=-created_at', [3, 2, 1, 0]],
    // The zone of times without one is TZ_OUTPUT, two hours ahead of UTC then.
    ['from=2026-06-26', [3, 2, 1]],
    ['from=2026-06-26 00:00:00&to=2026-06-28 23:59:59', [1]],
    ['from=2026-06-25T21:59:59Z&to=2026-06-25T22:00:00Z', [0]],
    ['from=2026-06-25T23:59:59+02:00&to=2026-06-26T00:00:00%2B02:00', [0]],
    ['date[created_at]=2026-06-26', [1]],
    ['date[created_at]=Jun 26, 2026 - Jun 28, 2026', [2, 1]],
    ['datetime[created_at]=2026-06-26 00:00:00 - 2026-06-28 23:59:59', [2, 1]],
    ['datetime[created_at]=2026-06-28', [2]],
  ])('%s finds exactly the visits that match, with their exact total', async (query, expected) => {
    const { get, people } = list
    const { status, body, found } = await get(query.replace(/TOKEN(\d)/, (_, nth) => people[nth - 1] ?? ''))
    expect({ status, found, total: body.meta.total }).toEqual({ status: 200, found: expected, total: expected.length })
  })

  it('finds a whole mobile number, for a token that may see it', async () => {
    const { get } = list
    expect((await get('filter[mobile]=4477009001', { scope: 'visits:read visits:pii' })).found).toEqual([1])
    expect((await get('filter[mobile]=4477009001')).status).toBe(403)
  })

  it.each([
    ['filter[os]=Linux', 'filter.os', 'There is no filter os. There are browser, platform,'],
    ['filter=Chrome', 'filter', 'Filters are written filter[name]. There are browser,'],
    ['filter[browser][]=Chrome', 'filter.browser', 'The filter browser must have a value.'],
    ['filter[browser]=', 'filter.browser', 'The filter browser must have a value.'],
    ['filter[browser]=a,,b', 'filter.browser', 'takes values of 1 to 255 characters'],
    ['filter[device_type]=toaster', 'filter.device_type', 'takes desktop, smartphone,'],
    ['filter[country_code]=Germany', 'filter.country_code', 'two letters'],
    ['filter[client_ip]=1.2.3', 'filter.client_ip', 'takes IP addresses'],
    ['filter[client_ip]=fe80::1%25eth0', 'filter.client_ip', 'takes IP addresses'],
    ['filter[suspect]=yes', 'filter.suspect', 'The filter suspect takes network.'],
    ['from=2026-02-30', 'from', 'must be a time as ISO 8601'],
    ['to=now', 'to', 'must be a time as ISO 8601'],
    ['date=2026-01-01', 'date', 'such as Jun 26, 2026 - Jun 28, 2026'],
    ['date[created_at]=2026-01-02 - 2026-01-01', 'date.created_at', 'such as Jun 26, 2026 - Jun 28, 2026'],
    ['bots=maybe', 'bots', 'include, exclude or only'],
    ['sort=id', 'sort', 'created_at or -created_at'],
    ['as_of=-1', 'as_of', 'now or the position'],
    ['as_of=5', 'as_of', 'from 0 to 4'],
    ['per_page=101', 'per_page', 'between 1 and 100'],
    ['per_page=', 'per_page', 'between 1 and 100'],
  ])('%s is refused with what would be right', async (query, field, text) => {
    const { status, body } = await list.get(query)
    expect(status).toBe(422)
    expect(body.errors[field]?.[0]).toContain(text)
  })

  it.each([null, '-created_at', 'created_at'])(
    'pages under a filter, sorted by %s, give every match once, in order',
    async (sort) => {
      const { get } = await listOf(
        Array.from({ length: 33 }, (_, i) => ({
          userAgent: i % 3 === 0 ? safari : chromeOnMac,
          createdAt: new Date(Date.UTC(2026, 0, 1 + ((i * 7) % 33))),
        })),
      )
      const matches = Array.from({ length: 22 }, (_, i) => i + Math.floor(i / 2) + 1)
      const day = (i: number) => (i * 7) % 33
      const order =
        sort === null ? matches.reverse() : matches.sort((a, b) => (day(a) - day(b)) * (sort === 'created_at' ? 1 : -1))
      const walked: number[] = []
      for (let page = 1; page <= 5; page++) {
        const { found, body } = await get(
          `filter[browser]=Chrome&per_page=5&page=${page}${sort === null ? '' : `&sort=${sort}`}`,
        )
        expect(body.meta.total).toBe(22)
        walked.push(...found)
      }
      expect(walked).toEqual(order)
    },
  )
})

describe('people and bots', () => {
  it('are numbered apart: pages of people only are dense, with an exact total', async () => {
    const { get, append } = await listOf([{}, bot, {}, bot, {}, {}])
    expect(await get('bots=exclude&per_page=3&page=2')).toMatchObject({
      found: [0],
      body: { meta: { total: 4, from: 4 } },
    })
    await append(bot, {})
    expect((await get('bots=exclude&per_page=3')).found).toEqual([7, 5, 4])
  })
})

describe('a frozen walk', () => {
  it.each(['', '&bots=exclude', '&filter[browser]=Chrome', '&sort=created_at'])(
    'gives every row exactly once while visits arrive%s',
    async (more) => {
      const { get, append } = await listOf([{}, {}, bot, {}, {}])
      const first = await get(`as_of=now&per_page=2${more}`)
      expect(first.body.links.next).toMatch(/per_page=2.*&page=2$/)
      expect(first.body.links.next).toContain('as_of=5')
      const walked = [...first.found]
      let next: string | null = first.body.links.next
      while (next !== null) {
        await append({}, bot)
        const page = await get(next.split('?')[1] ?? '')
        walked.push(...page.found)
        next = page.body.links.next
      }
      const all = more === '&bots=exclude' ? [0, 1, 3, 4] : [0, 1, 2, 3, 4]
      expect(walked).toEqual(more === '&sort=created_at' ? all : all.reverse())
    },
  )
})

describe('the tag of a list', () => {
  it.each(['', 'per_page=1&page=2', 'page=999'])('?%s is strong, and changes with every visit', async (query) => {
    const { get, append } = await listOf([{}, {}])
    const { headers, tag } = await get(query)
    expect(headers).toMatchObject({
      etag: expect.stringMatching(/^"[\w-]{27}"$/),
      'cache-control': 'private, no-cache',
      vary: 'Authorization',
    })
    expect((await get(query, { tag: `"x", W/${tag}` })).status).toBe(304)
    expect((await get(query, { tag: '*' })).status).toBe(304)
    await append({})
    const changed = await get(query, { tag })
    expect(changed.status).toBe(200)
    expect(changed.tag).not.toBe(tag)
  })

  it.each([
    ['as_of=2', {}],
    ['bots=exclude', bot],
    ['filter[browser]=Chrome', { userAgent: safari }],
    ['bots=only', {}],
  ])('?%s stays while what arrives does not show', async (query, arriving) => {
    const { get, append } = await listOf([{}, bot])
    const { tag } = await get(query)
    expect((await get(query, { tag })).status).toBe(304)
    await append(arriving)
    expect((await get(query, { tag })).status).toBe(304)
  })

  it('differs for those who see whole numbers and those who do not', async () => {
    const { get } = await listOf([{ recipientId: 1 }])
    expect((await get('')).tag).not.toBe((await get('', { scope: 'visits:read visits:pii' })).tag)
  })

  it('changes when the revision of the link does, and so do the rows', async () => {
    const { get, owner } = await listOf([{ recipientId: 1 }])
    const before = await get('')
    const { recipient, link } = site.db.prisma
    await recipient.updateMany({ where: { userId: owner, id: 1 }, data: { mobile: null } })
    await link.updateMany({ where: { userId: owner, id: 21 }, data: { revision: { increment: 1 } } })
    const after = await get('', { tag: before.tag })
    expect([before.body.data[0].mobile, after.body.data[0].mobile]).toEqual(['4477009***', null])
  })

  it('costs one read of the link: no visit is touched', async () => {
    // In an app of its own, which has nothing to do in the background.
    const { get } = await listOf([{}, {}], await testApp())
    const { tag } = await get('page=1')
    const statements = vi.spyOn(pg.Client.prototype, 'query')
    expect((await get('page=1', { tag })).status).toBe(304)
    const asked = statements.mock.calls.map(([statement]) => (statement as unknown as { text: string }).text)
    statements.mockRestore()
    expect(asked).toEqual([expect.stringMatching(/FROM links\s+WHERE user_id = asked.owner AND id = asked.link/)])
  })
})

it.each(['', 'filter[browser]=Chrome', 'bots=exclude'])(
  'answers ?%s the same however often it is asked, and anew when something is new',
  async (query) => {
    const { get, append } = await listOf([{}, {}])
    const bodies = [await get(query), await get(query), await get(query), await get(query)].map(({ body }) => body)
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
    await append({})
    expect((await get(query)).found).toEqual([2, 1, 0])
  },
)

it('sees a visit recorded by another process at once: nothing is remembered beyond rows that never change', async () => {
  const { get, append } = await listOf([{}])
  await get('')
  await append({})
  expect((await get('')).found).toEqual([1, 0])
})
