import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { chromeOnMac, newVisit, storeLink } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { SHORT_URL: 'https://s.example.com', TZ_OUTPUT: 'Asia/Kolkata' } })
})
afterAll(() => site.close())

const whole = 'links:write links:read visits:pii visits:read'

let lastLink = 100
async function newLink(): Promise<string> {
  const id = ++lastLink
  await storeLink(site.db, 26, id)
  return `/link/urls/${id}/recipients`
}

const post = (url: string, payload: unknown, scope = whole, ownerId = 26) =>
  site.app.inject({ method: 'POST', url, payload: payload as object, headers: site.as(ownerId, scope) })

const get = (url: string, scope = whole, ownerId = 26) => site.app.inject({ url, headers: site.as(ownerId, scope) })

const tokensOf = (answer: { json(): { data: { token: string }[] } }) => answer.json().data.map(({ token }) => token)

describe('creating recipients', () => {
  it('answers each with a token of its own, in the order of the request', async () => {
    const url = await newLink()
    const answer = await post(url, [
      { mobile: '9019955123', message_id: 'm-1', sent_at: '2026-01-01T06:30:00Z' },
      { mobile: '+91 (90199) 55-124' },
    ])
    expect(answer.statusCode).toBe(200)
    const { data, ...envelope } = answer.json()
    expect(envelope).toEqual({ status: 'OK', code: 200, message: 'Recipients Created Successfully' })
    expect(Object.keys(data[0])).toEqual([
      ...['id', 'token', 'short_url', 'message_id', 'mobile', 'sent_at', 'visits', 'human_visits', 'first_visit'],
      ...['last_visit', 'created_at'],
    ])
    const unvisited = { visits: 0, human_visits: 0, first_visit: null, last_visit: null }
    expect(data).toMatchObject([
      { id: 1, message_id: 'm-1', mobile: '9019955123', sent_at: '2026-01-01 12:00:00', ...unvisited },
      { id: 2, message_id: null, mobile: '+919019955124', sent_at: null, ...unvisited },
    ])
    for (const { token, short_url: shortUrl, created_at: createdAt } of data) {
      expect(token).toMatch(/^[0-9A-Za-z]{6}$/)
      expect(shortUrl).toBe(`https://s.example.com/${token}`)
      expect(createdAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    }
    expect(data[0].token).not.toBe(data[1].token)
  })

  it('takes recipients in an object too', async () => {
    const answer = await post(await newLink(), { recipients: [{ mobile: 9019955123, message_id: 7 }] })
    expect(answer.json().data).toMatchObject([{ mobile: '9019955123', message_id: '7' }])
  })

  it('that gives somebody a number shows in the visits that are recorded, and whoever has them is told', async () => {
    const url = await newLink()
    const [token = ''] = tokensOf(await post(url, [{ mobile: '9019955123', message_id: 'm-1' }]))
    await site.db.pool.query('UPDATE recipients SET mobile = NULL WHERE token = $1', [token])
    await appendVisits(site.db, 26, [newVisit(lastLink, { recipientId: 1 })])
    const feed = '/link/visits/feed'
    const { headers } = await get(feed)
    await post(url, [{ message_id: 'm-1', mobile: '9019955123' }])
    const again = await site.app.inject({
      url: feed,
      headers: { ...site.as(26, whole), 'if-none-match': String(headers.etag) },
    })
    expect(again.statusCode).toBe(200)
    expect(again.json().data).toMatchObject([{ message_id: 'm-1', mobile: '9019955123' }])
  })

  it('makes the link a tracked one', async () => {
    const url = await newLink()
    await post(url, [{ mobile: '9019955123' }])
    const link = await site.db.prisma.link.findFirst({ where: { id: lastLink } })
    expect([link?.isAdvanced, link?.lastRecipient]).toEqual([true, 1n])
  })

  it('gives tokens that open the link, and a visit knows whose it is', async () => {
    const url = await newLink()
    const [token] = tokensOf(await post(url, [{ mobile: '9019955123', message_id: 'm-1' }]))
    const headers = { host: 's.example.com', 'user-agent': chromeOnMac.userAgent ?? '' }
    expect((await site.app.inject({ url: `/${token}`, headers })).statusCode).toBe(302)
    const [visit] = (await get(url.replace('recipients', 'visits'))).json().data
    expect(visit).toMatchObject({ token, message_id: 'm-1', mobile: '9019955123' })
  })

  it('shows numbers without their last three digits, unless the caller may see them', async () => {
    const url = await newLink()
    const answer = await post(url, [{ mobile: '9019955123' }], 'links:write links:read')
    expect(answer.json().data[0].mobile).toBe('9019955***')
    expect((await get(url, 'links:read')).json().data[0].mobile).toBe('9019955***')
    expect((await get(url)).json().data[0].mobile).toBe('9019955123')
  })

  it('takes ten thousand at once, each with another token', async () => {
    const url = await newLink()
    const wanted = Array.from({ length: 10_000 }, (_, n) => ({
      mobile: String(9_000_000_000 + n),
      message_id: `3f2504e0-4f89-11d3-9a0c-${String(n).padStart(12, '0')}`,
      sent_at: '2026-01-01T12:00:00+05:30',
    }))
    const first = await post(url, wanted)
    expect(first.statusCode).toBe(200)
    expect(new Set(tokensOf(first)).size).toBe(10_000)
    expect(first.json().data.map(({ message_id: id }: { message_id: string }) => id)).toEqual(
      wanted.map((want) => want.message_id),
    )
    const again = await post(url, wanted)
    expect(tokensOf(again)).toEqual(tokensOf(first))
    expect((await get(url)).json().meta.total).toBe(10_000)
  })
})

describe('a repeated request', () => {
  it('finds a message by its id, a number without a message by itself', async () => {
    const url = await newLink()
    const wanted = [
      { mobile: '9019955123', message_id: 'm-1' },
      { mobile: '9019955123', message_id: 'm-2' },
      { mobile: '9019955123' },
    ]
    const first = tokensOf(await post(url, wanted))
    expect(new Set(first).size).toBe(3)
    expect(tokensOf(await post(url, wanted.toReversed()))).toEqual(first.toReversed())
    expect((await get(url)).json().meta.total).toBe(3)
  })

  it('gives the same recipient twice where one request names it twice', async () => {
    const url = await newLink()
    const [a, b] = tokensOf(await post(url, [{ mobile: '9019955123' }, { mobile: '90199-55123' }]))
    expect(a).toBe(b)
  })

  it('brings the time of sending, which is known only afterwards; leaving it out takes nothing away', async () => {
    const url = await newLink()
    const want = { mobile: '9019955123', message_id: 'm-1' }
    const times = []
    for (const sentAt of [undefined, '2026-01-01 12:00:00', undefined, null, '2026-01-01 12:00:05']) {
      times.push((await post(url, [{ ...want, sent_at: sentAt }])).json().data[0].sent_at)
    }
    expect(times).toEqual([null, ...Array(3).fill('2026-01-01 12:00:00'), '2026-01-01 12:00:05'])
    expect((await get(url)).json().data[0].sent_at).toBe('2026-01-01 12:00:05')
  })

  it('with a time of sending reaches redirects that have the token in memory', async () => {
    const url = await newLink()
    const want = { mobile: '9019955123', message_id: 'm-1' }
    const [token] = tokensOf(await post(url, [want]))
    const open = async () => {
      const headers = { host: 's.example.com', 'user-agent': chromeOnMac.userAgent ?? '' }
      await site.app.inject({ url: `/${token}`, headers })
      return (await get(url.replace('recipients', 'visits'))).json().data[0].options
    }
    expect(await open()).toBeNull()
    // The clock stands still: on a busy machine two seconds are soon over.
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    // Sent again and again, because each look moves the clock.
    await expect
      .poll(async () => {
        await post(url, [{ ...want, sent_at: new Date().toISOString() }])
        return open()
      })
      .toEqual({ bot: true, bot_reason: 'just_sent' })
  })

  it('that names another number for a message is refused whole', async () => {
    const url = await newLink()
    await post(url, [{ mobile: '9019955123', message_id: 'm-1' }])
    const answer = await post(url, [{ mobile: '9019955555' }, { mobile: '9019955124', message_id: 'm-1' }])
    expect(answer.statusCode).toBe(422)
    expect(answer.json().errors).toEqual({
      'recipients.1.message_id': ['The message_id field names a message to another number.'],
    })
    expect((await get(url)).json().meta.total).toBe(1)
  })

  it('at the same time gives one recipient each', async () => {
    const url = await newLink()
    const wanted = Array.from({ length: 50 }, (_, n) => ({
      mobile: String(9_000_000_000 + n),
      ...(n % 2 && { message_id: `m-${n}` }),
    }))
    const answers = await Promise.all(Array.from({ length: 4 }, () => post(url, wanted)))
    const [first, ...others] = answers.map(tokensOf)
    for (const tokens of others) expect(tokens).toEqual(first)
    expect((await get(url)).json().meta.total).toBe(50)
  })

  it('completes a number that an import knew without its end', async () => {
    const url = await newLink()
    await post(url, [{ mobile: '9019955123', message_id: 'm-1' }])
    await site.db.prisma.recipient.updateMany({ where: { linkId: lastLink }, data: { mobile: '9019955***' } })
    expect((await post(url, [{ mobile: '9019955123', message_id: 'm-1' }])).json().data[0].mobile).toBe('9019955123')
    const link = await site.db.prisma.link.findFirst({ where: { id: lastLink } })
    expect(link?.revision).toBe(1n)
  })
})

describe('a request with a mistake', () => {
  it.each([
    ['recipients.1.mobile', { mobile: '1234' }],
    ['recipients.1.mobile', { mobile: '1'.repeat(21) }],
    ['recipients.1.mobile', { mobile: '90199x5123' }],
    ['recipients.1.mobile', { mobile: '+' }],
    ['recipients.1.mobile', { mobile: '++9019955123' }],
    ['recipients.1.mobile', { mobile: 1e20 }],
    ['recipients.1.mobile', { mobile: null }],
    ['recipients.1.mobile', { message_id: 'm-1' }],
    ['recipients.1.message_id', { mobile: '9019955123', message_id: 'x'.repeat(256) }],
    ['recipients.1.message_id', { mobile: '9019955123', message_id: 'a\u0000b' }],
    ['recipients.1.message_id', { mobile: '9019955123', message_id: '\ud800' }],
    ['recipients.1.message_id', { mobile: '9019955123', message_id: {} }],
    ['recipients.1.sent_at', { mobile: '9019955123', sent_at: 'yesterday' }],
    ['recipients.1.sent_at', { mobile: '9019955123', sent_at: '2026-02-30 00:00:00' }],
    ['recipients.1', 'not an object'],
  ])('names it, and stores nothing: %s', async (field, wrong) => {
    const url = await newLink()
    const answer = await post(url, [{ mobile: '9019955123' }, wrong])
    expect(answer.statusCode).toBe(422)
    expect(Object.keys(answer.json().errors)).toEqual([field])
    expect((await get(url)).json().meta.total).toBe(0)
  })

  it.each([
    ['no recipients', []],
    ['too many recipients', Array(10_001).fill({ mobile: '9019955123' })],
    ['no list', { recipients: 'all' }],
    ['an object without recipients', {}],
  ])('has %s', async (_, payload) => {
    const answer = await post(await newLink(), payload)
    expect(answer.statusCode).toBe(422)
    expect(answer.json().errors).toEqual({
      recipients: ['The recipients field must be a list of 1 to 10000 recipients.'],
    })
  })

  it("for somebody else's link is answered as for a missing one", async () => {
    const url = await newLink()
    for (const method of ['GET', 'POST'] as const) {
      const request = { method, ...(method === 'POST' && { payload: [{ mobile: '9019955123' }] }) }
      const foreign = await site.app.inject({ ...request, url, headers: site.as(27, whole) })
      const missing = await site.app.inject({
        ...request,
        url: '/link/urls/999999/recipients',
        headers: site.as(26, whole),
      })
      expect(foreign.statusCode).toBe(404)
      expect(foreign.body).toBe('{"status":"ERROR","code":404,"message":"No results found","data":[]}')
      expect(foreign.body).toBe(missing.body)
    }
  })

  it('needs links:write to create and links:read to list', async () => {
    const url = await newLink()
    expect((await post(url, [{ mobile: '9019955123' }], 'links:read')).statusCode).toBe(403)
    expect((await get(url, 'visits:read')).statusCode).toBe(403)
  })
})

describe('the list of recipients', () => {
  it('is newest first, in pages, with a total that nobody counts', async () => {
    const { app, db, as } = await testApp()
    await storeLink(db, 26, 20)
    const wanted = Array.from({ length: 32 }, (_, n) => ({ mobile: String(9_000_000_001 + n) }))
    await app.inject({ method: 'POST', url: '/link/urls/20/recipients', payload: wanted, headers: as(26) })
    const page = async (query: string) =>
      (await app.inject({ url: `/api/v2/link/urls/20/recipients?${query}`, headers: as(26) })).json()
    const ids = (answer: { data: { id: number }[] }) => answer.data.map(({ id }) => id)

    const first = await page('per_page=10')
    expect(ids(first)).toEqual([32, 31, 30, 29, 28, 27, 26, 25, 24, 23])
    expect(first.message).toBe('Recipients')
    expect(first.meta).toMatchObject({ current_page: 1, last_page: 4, from: 1, to: 10, per_page: 10, total: 32 })
    expect(first.links.next).toBe('https://api.example.com/api/v2/link/urls/20/recipients?per_page=10&page=2')
    expect(ids(await page('per_page=10&page=4'))).toEqual([2, 1])
    expect(ids(await page('per_page=10&page=5'))).toEqual([])
    expect(ids(await page('per_page=10&page=9223372036854775807'))).toEqual([])
    expect((await page('per_page=10&page=5')).meta.total).toBe(32)
  })

  it('says who has opened the link and who has not; bots have not', async () => {
    const { app, db, as } = await testApp()
    await storeLink(db, 26, 20)
    const wanted = Array.from({ length: 5 }, (_, n) => ({ mobile: String(9_000_000_001 + n) }))
    await app.inject({ method: 'POST', url: '/link/urls/20/recipients', payload: wanted, headers: as(26) })
    const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour))
    await appendVisits(db, 26, [
      newVisit(20, { recipientId: 2, createdAt: at(9) }),
      newVisit(20, { recipientId: 2, createdAt: at(11) }),
      newVisit(20, { recipientId: 2, createdAt: at(12), isBot: true }),
      newVisit(20, { recipientId: 4, createdAt: at(10) }),
      newVisit(20, { recipientId: 5, createdAt: at(10), isBot: true }),
    ])
    const list = async (query: string) =>
      (await app.inject({ url: `/link/urls/20/recipients?filter%5Bvisited%5D=${query}`, headers: as(26) })).json()
    const visited = await list('1')
    expect(visited.data).toMatchObject([
      { id: 4, visits: 1, human_visits: 1, first_visit: '2026-01-01 10:00:00', last_visit: '2026-01-01 10:00:00' },
      { id: 2, visits: 3, human_visits: 2, first_visit: '2026-01-01 09:00:00', last_visit: '2026-01-01 11:00:00' },
    ])
    expect(visited.meta.total).toBe(2)
    const others = await list('0')
    expect(others.data).toMatchObject([
      { id: 5, visits: 1, human_visits: 0, first_visit: null, last_visit: null },
      { id: 3, visits: 0 },
      { id: 1, visits: 0 },
    ])
    expect(others.meta.total).toBe(3)
    const second = await list('0&per_page=2&page=2')
    expect([second.data.length, second.data[0].id, second.meta.total]).toEqual([1, 1, 3])
    expect(second.links.prev).toBe(
      'https://api.example.com/link/urls/20/recipients?filter%5Bvisited%5D=0&per_page=2&page=1',
    )
  })

  it.each(['filter[visited]=2', 'filter[visited]=yes', 'filter[token]=abc', 'filter=1', 'per_page=0'])(
    'refuses %s',
    async (query) => {
      expect((await get(`${await newLink()}?${query}`)).statusCode).toBe(422)
    },
  )

  it('is not sent again to who has it', async () => {
    const url = await newLink()
    const first = await get(url)
    const headers = { ...site.as(26, whole), 'if-none-match': String(first.headers.etag) }
    expect((await site.app.inject({ url, headers })).statusCode).toBe(304)
    await post(url, [{ mobile: '9019955123' }])
    expect((await site.app.inject({ url, headers })).statusCode).toBe(200)
  })
})
