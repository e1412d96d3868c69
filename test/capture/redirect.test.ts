import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { announceLink } from '../../src/links/announce.js'
import { findTarget } from '../../src/links/target.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { cableTo } from '../support/cable.js'
import { testDatabase } from '../support/database.js'
import { chromeOnMac, storeLink, storeLinks, storeRecipients } from '../support/visits.js'

const browser = { 'user-agent': chromeOnMac.userAgent ?? '', 'accept-language': 'en-US,en;q=0.9' }
const day = 86_400_000

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { TRUST_PROXY: '10.0.0.0/8' } })
})
afterAll(() => site.close())

let lastLink = 100
/** A link of owner 26, opened by the path that is answered. */
async function newLink(given: Parameters<typeof storeLink>[3] = {}): Promise<{ id: number; path: string }> {
  const id = ++lastLink
  await storeLink(site.db, 26, id, given)
  return { id, path: `/link26x${id}` }
}

async function visitsOf(id: number, scope = 'visits:read', { app, as } = site) {
  const answer = await app.inject({ url: `/link/urls/${id}/visits?per_page=100`, headers: as(26, scope) })
  return answer.json().data
}

describe('opening a short link', () => {
  it('gives the documented row for the documented browser, rows 4 to 29', async () => {
    const { id, path } = await newLink()
    const answer = await site.app.inject({ url: path, headers: browser })
    expect(answer.statusCode).toBe(302)
    const [visit] = await visitsOf(id)
    expect(Object.entries(visit).slice(3, 29)).toEqual([
      ['client_ip', '127.0.0.1'],
      ['scheme', 'http'],
      ['host', 'localhost:80'],
      ['query_string', ''],
      ['user_agent', chromeOnMac.userAgent],
      ['browser', 'Chrome'],
      ['browser_version', '67.0.3396.99'],
      ['browser_lang', 'en'],
      ['browser_engine', 'Blink'],
      ['resolution', null],
      ['platform', 'Mac'],
      ['platform_version', '10.13.6'],
      ['platform_name', 'MAC'],
      ['device_type', 'desktop'],
      ['device_brand', 'Apple'],
      ['device_model', ''],
      ['touch_enabled', '0'],
      ['latitude', ''],
      ['longitude', ''],
      ['country', 'localhost'],
      ['country_code', ''],
      ['region', ''],
      ['city', 'localhost'],
      ['zipcode', ''],
      ['timezone', ''],
      ['options', null],
    ])
    expect(visit.id).not.toBe(visit.visit_id)
    expect(visit).toMatchObject({ token: null, message_id: null, mobile: null })
  })

  it('is an empty redirect that nobody keeps, and asks for the hints that are used', async () => {
    const { id, path } = await newLink()
    const answer = await site.app.inject({ url: path, headers: browser })
    expect(answer.headers).toMatchObject({
      location: `https://example.com/${id}`,
      'cache-control': 'no-store',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'accept-ch': 'Sec-CH-UA-Full-Version-List, Sec-CH-UA-Platform-Version, Sec-CH-UA-Model, Sec-CH-UA-Form-Factors',
      'content-length': '0',
    })
    expect(answer.headers).not.toHaveProperty('critical-ch')
    expect(answer.body).toBe('')
  })

  it.each([301, 302, 303, 307, 308])('answers with the status of the link: %s', async (redirectStatus) => {
    const { path } = await newLink({ redirectStatus })
    expect((await site.app.inject({ url: path, headers: browser })).statusCode).toBe(redirectStatus)
  })

  it('fills the placeholders of the target from its own visit', async () => {
    const { id, path } = await newLink({
      longUrl: 'https://example.com/{browser}?v={{id}}&c={country}&m={mobile}&l={link_id}',
    })
    const answer = await site.app.inject({ url: path, headers: browser })
    const [visit] = await visitsOf(id)
    expect(answer.headers.location).toBe(`https://example.com/Chrome?v=${visit.id}&c=localhost&m=&l=${id}`)
  })

  it('passes its query on where the link says so, and stores it always', async () => {
    const plain = await newLink()
    const passing = await newLink({ forwardQuery: true, longUrl: 'https://example.com/?own=1#end' })
    const query = '?own=2&utm_source=sms&x=%0d%0aSet-Cookie:a'
    const kept = await site.app.inject({ url: plain.path + query, headers: browser })
    const passed = await site.app.inject({ url: passing.path + query, headers: browser })
    expect(kept.headers.location).toBe(`https://example.com/${plain.id}`)
    expect(passed.headers.location).toBe('https://example.com/?own=1&utm_source=sms&x=%0d%0aSet-Cookie:a#end')
    for (const { id } of [plain, passing]) expect((await visitsOf(id))[0].query_string).toBe(query.slice(1))
  })

  it('uses client hints', async () => {
    const { id, path } = await newLink()
    const headers = {
      'user-agent':
        'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      'sec-ch-ua': '"Chromium";v="140", "Google Chrome";v="140", "Not?A_Brand";v="24"',
      'sec-ch-ua-platform': '"Android"',
      'sec-ch-ua-platform-version': '"15.0.0"',
      'sec-ch-ua-model': '"SM-S918B"',
    }
    await site.app.inject({ url: path, headers })
    expect((await visitsOf(id))[0]).toMatchObject({
      platform_version: '15.0.0',
      device_brand: 'Samsung',
      device_model: 'SM-S918B',
    })
  })

  it('works by every spelling of its path', async () => {
    const { id, path } = await newLink()
    for (const url of [`${path}/`, `/${path}`, `${path}?`, `${path}#x`]) {
      expect((await site.app.inject({ url, headers: browser })).statusCode).toBe(302)
    }
    expect(await visitsOf(id)).toHaveLength(4)
  })
})

describe('a link with rules', () => {
  const iPhone = {
    'user-agent':
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  }
  const rules = [
    { when: { platform: ['iOS'], country_code: ['US'] }, long_url: 'https://us.example.com/{device_type}?a=1' },
    { when: { platform: ['iOS'] }, long_url: 'https://ios.example.com/' },
  ]
  const location = async (path: string, headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
    (await site.app.inject({ url: path, headers, remoteAddress })).headers.location

  it('leads to the target of the first that the visit meets, as it would to its own', async () => {
    const { id, path } = await newLink({ rules, forwardQuery: true, redirectStatus: 307 })
    const answer = await site.app.inject({ url: `${path}?a=2&b=3`, headers: iPhone, remoteAddress: '8.8.8.8' })
    expect([answer.statusCode, answer.headers.location]).toEqual([307, 'https://us.example.com/smartphone?a=1&b=3'])
    expect(await location(path, iPhone)).toBe('https://ios.example.com/')
    expect(await location(path, browser, '8.8.8.8')).toBe(`https://example.com/${id}`)
  })

  it('stores the visit that the link without them would', async () => {
    const [plain, ruled] = [await newLink(), await newLink({ rules })]
    for (const { path } of [plain, ruled]) await location(path, iPhone)
    const [[a], [b]] = await Promise.all([plain, ruled].map(({ id }) => visitsOf(id)))
    const own = { id: '', visit_id: '', link_id: '', created_at: '' }
    expect({ ...b, ...own }).toEqual({ ...a, ...own })
  })

  it('is checked, stored and changed through the API, and leads there at once', async () => {
    const save = (method: 'POST' | 'PUT', url: string, payload: object) =>
      site.app.inject({ method, url, payload, headers: site.as(26) })
    const long_url = 'https://example.com/'
    const created = await save('POST', '/link/urls', {
      long_url,
      rules: [{ when: { platform: 'ios' }, long_url: 'http://a.b/' }],
    })
    const { id, token } = created.json().data
    expect(await location(`/${token}`, iPhone)).toBe('http://a.b/')
    await save('PUT', `/link/urls/${id}`, { long_url, rules: [{ when: { platform: 'iOS' }, long_url: 'http://c.d/' }] })
    await expect.poll(() => location(`/${token}`, iPhone)).toBe('http://c.d/')
    await save('PUT', `/link/urls/${id}`, { long_url, rules: null })
    await expect.poll(() => location(`/${token}`, iPhone)).toBe(long_url)
  })

  it('is in memory once for all the people it was sent to', async () => {
    const { id } = await newLink({ rules })
    await storeRecipients(site.db, 26, id, ['1', '2'], ['ruled1', 'ruled2'])
    const [one, two] = await Promise.all(['ruled1', 'ruled2'].map((token) => findTarget(site.db, token)))
    expect(one?.rules).toEqual(rules)
    expect(two?.rules).toBe(one?.rules)
  })
})

describe('a visit by a recipient', () => {
  it('carries token, message and number of the person', async () => {
    const { id } = await newLink({ longUrl: 'https://example.com/?m={mobile}' })
    await storeRecipients(site.db, 26, id, ['9019955123'], ['JFlCjw'])
    const answer = await site.app.inject({ url: '/JFlCjw', headers: browser })
    expect(answer.headers.location).toBe('https://example.com/?m=9019955123')
    expect((await visitsOf(id))[0]).toMatchObject({ token: 'JFlCjw', message_id: 'JFlCjw', mobile: '9019955***' })
    expect((await visitsOf(id, 'visits:read visits:pii'))[0].mobile).toBe('9019955123')
  })

  it('within two seconds of the sending is a bot', async () => {
    // The clock stands still: on a busy machine two seconds are soon over.
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { id } = await newLink()
    await storeRecipients(site.db, 26, id, ['1', '2'], ['sentNow', 'sentLong'])
    await site.db.prisma.recipient.update({ where: { token: 'sentNow' }, data: { sentAt: new Date() } })
    await site.db.prisma.recipient.update({
      where: { token: 'sentLong' },
      data: { sentAt: new Date(Date.now() - day) },
    })
    await site.app.inject({ url: '/sentNow', headers: browser })
    await site.app.inject({ url: '/sentLong', headers: browser })
    const options = (await visitsOf(id)).map((visit: { options: unknown }) => visit.options)
    expect(options).toEqual([null, { bot: true, bot_reason: 'just_sent' }])
  })
})

describe('bots', () => {
  it('are sent on like people, told apart, and counted apart', async () => {
    const { id, path } = await newLink()
    const clicks = [
      { headers: browser },
      { headers: browser, method: 'HEAD' as const },
      { headers: { ...browser, 'sec-purpose': 'prefetch;prerender' } },
      { headers: { 'user-agent': 'WhatsApp/2.23.20.0' } },
      { headers: { 'user-agent': 'curl/8.5.0' } },
    ]
    for (const click of clicks) {
      const answer = await site.app.inject({ url: path, ...click })
      expect(answer.headers.location).toBe(`https://example.com/${id}`)
    }
    const options = (await visitsOf(id)).map((visit: { options: unknown }) => visit.options)
    expect(options.reverse()).toEqual([
      null,
      { bot: true, bot_reason: 'head' },
      { bot: true, bot_reason: 'prefetch' },
      { bot: true, bot_reason: 'preview' },
      { bot: true, bot_reason: 'user_agent' },
    ])
    const people = await site.app.inject({ url: `/link/urls/${id}/visits?bots=exclude`, headers: site.as(26) })
    expect(people.json().meta.total).toBe(1)
  })
})

describe('where a click comes from', () => {
  const forged = {
    ...browser,
    'x-forwarded-for': '8.8.8.8',
    'x-forwarded-host': 's.example.com',
    'x-forwarded-proto': 'https',
  }

  it('is never what the client says', async () => {
    const { id, path } = await newLink()
    await site.app.inject({ url: path, headers: forged, remoteAddress: '203.0.113.9' })
    expect((await visitsOf(id))[0]).toMatchObject({ client_ip: '203.0.113.9', scheme: 'http', host: 'localhost:80' })
  })

  it('is what a trusted proxy says', async () => {
    const { id, path } = await newLink()
    await site.app.inject({ url: path, headers: forged, remoteAddress: '10.0.0.7' })
    expect((await visitsOf(id))[0]).toMatchObject({
      client_ip: '8.8.8.8',
      scheme: 'https',
      host: 's.example.com',
      country_code: 'US',
    })
  })

  it('is stored without its host part with IP_ANONYMIZE, after its place is known, and so filled in', async () => {
    const { app, db, as } = await testApp({ env: { IP_ANONYMIZE: 'on' } })
    await storeLink(db, 26, 20, { longUrl: 'https://example.com/{client_ip}' })
    const answer = await app.inject({ url: '/link26x20', headers: browser, remoteAddress: '8.8.8.8' })
    await app.inject({ url: '/link26x20', headers: browser, remoteAddress: '2001:4860:4860::8888' })
    const visits = (await app.inject({ url: '/link/urls/20/visits', headers: as(26) })).json().data
    expect(visits[0]).toMatchObject({
      client_ip: '2001:4860:4860::',
      country_code: expect.stringMatching(/^[A-Z]{2}$/),
    })
    expect(visits[1]).toMatchObject({ client_ip: '8.8.8.0', country_code: 'US' })
    expect(answer.headers.location).toBe('https://example.com/8.8.8.0')
  })
})

describe('a link that cannot be opened', () => {
  const closed: [string, number, string, Parameters<typeof storeLink>[3]][] = [
    ['inactive', 404, 'This link is not active.', { status: 0 }],
    ['expired', 410, 'This link has expired.', { expiresAt: new Date(Date.now() - day) }],
    ['deleted', 410, 'This link is not available any more.', { deletedAt: new Date() }],
    ['without a target', 404, 'This link is not active.', { status: 0, longUrl: '' }],
  ]

  it.each(closed)('because it is %s is %s, a plain page', async (_, status, message, given) => {
    const { id, path } = await newLink(given)
    const answer = await site.app.inject({ url: path, headers: { ...browser, accept: 'text/html,application/json' } })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(answer.headers).not.toHaveProperty('location')
    expect(answer.body).toContain(`<p>${message}</p>`)
    expect(await site.db.prisma.visit.count({ where: { linkId: id } })).toBe(0)
  })

  it.each(closed)(
    'because it is %s is %s, in the envelope for whoever asks for JSON',
    async (_, status, message, given) => {
      const { path } = await newLink(given)
      const answer = await site.app.inject({ url: path, headers: { accept: 'application/json' } })
      expect(answer.json()).toEqual({ status: 'ERROR', code: status, message, data: [] })
    },
  )

  it('because nobody has its token is 404', async () => {
    const page = await site.app.inject({ url: '/nobody7', headers: { accept: '*/*' } })
    const json = await site.app.inject({ url: '/nobody7', headers: { accept: 'application/json, */*' } })
    expect([page.statusCode, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(json.json()).toEqual({ status: 'ERROR', code: 404, message: 'This link does not exist.', data: [] })
  })

  it('because people have opened it as often as they may is 410; bots do not count, but are turned away with them', async () => {
    const { id, path } = await newLink({ maxVisits: 2 })
    const open = async (headers: object) => (await site.app.inject({ url: path, headers: { ...headers } })).statusCode
    const bot = { 'user-agent': 'curl/8.5.0' }
    const statuses = []
    for (const click of [bot, browser, bot, browser, browser, bot]) statuses.push(await open(click))
    expect(statuses).toEqual([302, 302, 302, 302, 410, 410])
    expect(await visitsOf(id)).toHaveLength(4)
  })

  it('opens until it expires', async () => {
    const { path } = await newLink({ expiresAt: new Date(Date.now() + day) })
    expect((await site.app.inject({ url: path, headers: browser })).statusCode).toBe(302)
  })

  it('because its visit cannot be recorded is 503 with Retry-After', async () => {
    const { app, db, recorder } = await testApp()
    await storeLinks(db, 26, 20)
    await recorder.close()
    const page = await app.inject({ url: '/link26x20', headers: browser })
    const json = await app.inject({ url: '/link26x20', headers: { accept: 'application/json' } })
    expect([page.statusCode, page.headers['retry-after'], page.headers.location]).toEqual([503, '5', undefined])
    expect(json.json()).toMatchObject({ code: 503 })
  })
})

describe('paths that are no short links', () => {
  it.each(['/link', '/auth', '/developer', '/api', '/metrics', '/api/v2/link26x20', '/API'])(
    'are missing in the envelope: %s',
    async (url) => {
      const answer = await site.app.inject({ url, headers: { accept: 'text/html' } })
      expect(answer.json()).toEqual({ status: 'ERROR', code: 404, message: 'Not Found', data: [] })
    },
  )

  it('keep search engines out, and show no icon', async () => {
    const robots = await site.app.inject({ url: '/robots.txt' })
    expect([robots.statusCode, robots.body]).toEqual([200, 'User-agent: *\nDisallow: /\n'])
    expect((await site.app.inject({ url: '/favicon.ico' })).statusCode).toBe(404)
  })
})

describe('with a host of their own', () => {
  const status = async ({ app, as }: TestApp, host: string, url: string) =>
    (await app.inject({ url, headers: { host, ...as(26) } })).statusCode

  it.each(['https://api.example.com', ''])(
    'short links open there only, and nothing else answers there (PUBLIC_URL=%s)',
    async (publicUrl) => {
      const split = await testApp({ env: { SHORT_URL: 'https://s.example.com', PUBLIC_URL: publicUrl } })
      await storeLinks(split.db, 26, 20)
      for (const host of ['s.example.com', 'S.EXAMPLE.COM:3000']) {
        expect(await status(split, host, '/link26x20')).toBe(302)
        expect(await status(split, host, '/link/urls/20/visits')).toBe(404)
        expect(await status(split, host, '/robots.txt')).toBe(200)
      }
      for (const host of ['api.example.com', '127.0.0.1:3000', 's.example.com.evil.example']) {
        expect(await status(split, host, '/link26x20')).toBe(404)
        expect(await status(split, host, '/link/urls/20/visits')).toBe(200)
      }
      for (const host of ['s.example.com', 'api.example.com']) expect(await status(split, host, '/health')).toBe(200)
    },
  )

  it('shared with the API, both answer everywhere, also under a path', async () => {
    const env = { SHORT_URL: 'https://example.com/s', PUBLIC_URL: 'https://example.com/smart-link' }
    const shared = await testApp({ env })
    await storeLinks(shared.db, 26, 20)
    for (const url of ['/link26x20', '/s/link26x20']) expect(await status(shared, 'example.com', url)).toBe(302)
    expect(await status(shared, '127.0.0.1', '/link26x20')).toBe(302)
    expect(await status(shared, 'example.com', '/link/urls/20/visits')).toBe(200)
  })
})

it('goes on while the database is away: a known link opens, its visits are stored afterwards; a new one is asked for later', async () => {
  const { db, url } = await testDatabase()
  await storeLinks(db, 26, 20, 21)
  const cable = await cableTo(url)
  const { app, as } = await testApp({ databaseUrl: cable.url })
  expect((await app.inject({ url: '/link26x20', headers: browser })).statusCode).toBe(302)

  cable.cut()
  for (let click = 0; click < 3; click++) {
    const known = await app.inject({ url: '/link26x20', headers: browser })
    expect(known.headers.location).toBe('https://example.com/20')
  }
  const unknown = await app.inject({ url: '/link26x21', headers: browser })
  expect([unknown.statusCode, unknown.headers['retry-after']]).toEqual([503, '5'])

  cable.mend()
  const total = async () => (await app.inject({ url: '/link/urls/20/visits', headers: as(26) })).json().meta?.total
  await expect.poll(total).toBe(4)
  await expect.poll(async () => (await app.inject({ url: '/link26x21', headers: browser })).statusCode).toBe(302)
})

it('an edit in one process is seen by the other', async () => {
  const { db, url } = await testDatabase()
  await storeLinks(db, 26, 20)
  const [here, there] = [await testApp({ databaseUrl: url }), await testApp({ databaseUrl: url })]
  const location = async ({ app }: TestApp) =>
    (await app.inject({ url: '/link26x20', headers: browser })).headers.location
  // Before both listen, everything is looked up again anyway, and nothing would be proved.
  await expect
    .poll(() =>
      db.pool
        .query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
        .then(({ rowCount }) => rowCount),
    )
    .toBe(2)
  for (const app of [here, there]) expect(await location(app)).toBe('https://example.com/20')

  await db.prisma.link.updateMany({ where: { id: 20 }, data: { longUrl: 'https://example.com/edited' } })
  await here.db.pool.query(announceLink([26, 20]))
  for (const app of [here, there]) await expect.poll(() => location(app)).toBe('https://example.com/edited')
})
