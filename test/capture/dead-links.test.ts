import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { chromeOnMac, storeLink } from '../support/visits.js'

const browser = { 'user-agent': chromeOnMac.userAgent ?? '', accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const program = { accept: '*/*' }
const yesterday = new Date(Date.now() - 86_400_000)

/** Short links and API on one host; the same with a host for each; and with pages to lead to. */
let site: TestApp
let split: TestApp
let leading: TestApp
beforeAll(async () => {
  const leadingEnv = {
    SHORT_URL: 'https://s.example.com',
    ROOT_URL: 'https://www.example.com/welcome?from=s',
    FALLBACK_URL: 'https://www.example.com/sorry',
  }
  site = await openApp()
  split = await openApp({ env: { SHORT_URL: 'https://s.example.com' } })
  leading = await openApp({ env: leadingEnv })
})
afterAll(() => Promise.all([site, split, leading].map(({ close }) => close())))

async function ask({ app }: TestApp, url: string, given: Omit<InjectOptions, 'url'> = {}) {
  const answer = await app.inject({ url, headers: browser, ...given })
  return { status: answer.statusCode, type: answer.headers['content-type'], location: answer.headers.location, answer }
}

const html = 'text/html; charset=utf-8'
const json = 'application/json; charset=utf-8'
const onShortHost = { headers: { ...browser, host: 's.example.com' } }

describe('a browser on a host that opens links', () => {
  const notLinks = [
    ...['/', '/no.such', '/a+b', '/offer/spring', '/offer/spring?x=1', '/%ZZ', '/%C3%A9', '/caf%E9x', '/index.html'],
    ...[
      '/favicon.ico',
      '/.well-known/x',
      '/.env',
      '/wp-login.php',
      '/admin',
      '/login',
      '/docs/none',
      '/dashboard/none',
    ],
    ...[`/${'x'.repeat(65)}`, '/linked/in', '/healthz', '//no.such//', 'http://localhost/no.such'],
  ]
  it.each(notLinks)('gets a page with 404 for what is no link: %s', async (url) => {
    for (const asked of [await ask(site, url), await ask(split, url, onShortHost)]) {
      expect([asked.status, asked.type]).toEqual([404, html])
      expect(asked.answer.body).toContain('<p>This link does not exist.</p>')
      expect(asked.answer.headers).toMatchObject({
        'cache-control': 'no-store',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'content-security-policy': expect.stringContaining("default-src 'none'; style-src 'sha256-"),
      })
    }
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'] as const)('gets a page for another verb: %s', async (method) => {
    for (const url of ['/', '/nobody7', '/no.such', '/%ZZ']) {
      const { status, type } = await ask(site, url, { method })
      expect([url, status, type]).toEqual([url, 404, html])
    }
  })

  it('gets a page with 405 where a page answers other verbs', async () => {
    const { status, type, answer } = await ask(site, '/dashboard', { method: 'POST' })
    expect([status, type, answer.headers.allow]).toEqual([405, html, 'GET, HEAD'])
  })

  it('gets the same status and type for HEAD, whose body Node.js leaves out', async () => {
    const { status, type } = await ask(site, '/no.such', { method: 'HEAD' })
    expect([status, type]).toEqual([404, html])
  })

  it.each(['/link', '/LINK/urls', '/link.', '/auth/none', '/api', '/api/v2', '/api/v2/no.such', '/API/x', '/metrics'])(
    'gets the envelope on the paths of the API: %s',
    async (url) => {
      const { type, answer } = await ask(site, url)
      expect([type, answer.json().status]).toEqual([json, 'ERROR'])
    },
  )

  it.each([
    ['GET', '/link/urls', 401],
    ['GET', '/link/urls/x', 401],
    ['DELETE', '/health', 405],
    ['POST', '/openapi.json', 405],
    ['GET', '/recipients/none', 404],
  ] as const)('gets the envelope from the API: %s %s is %i', async (method, url, status) => {
    const asked = await ask(site, url, { method })
    expect([asked.status, asked.type]).toEqual([status, json])
  })

  it('gets a page for the paths of the API where the host has none, and the envelope on the other host', async () => {
    for (const url of ['/link/urls', '/docs', '/dashboard', '/metrics', '/api/v2/link/urls']) {
      const here = await ask(split, url, onShortHost)
      expect([url, here.status, here.type]).toEqual([url, 404, html])
    }
    for (const url of ['/no.such', '/nobody7', '/']) {
      const there = await ask(split, url)
      expect([url, there.status, there.type]).toEqual([url, 404, json])
    }
  })
})

describe('a program on a host that opens links', () => {
  it.each([
    ['/no.such', 404, 'Not Found'],
    ['/', 404, 'Not Found'],
    ['/offer/spring', 404, 'Not Found'],
    ['/%ZZ', 400, 'The path of the request is not a valid URL.'],
  ])('gets the envelope for what is no link: %s', async (url, code, message) => {
    for (const headers of [program, { accept: 'application/json' }, {}]) {
      const { answer } = await ask(site, url, { headers })
      expect(answer.json()).toEqual({ status: 'ERROR', code, message, data: [] })
    }
  })
})

describe('ROOT_URL', () => {
  it.each(['/', '//', '/?a=1', '/.', '/%E2%80%9D)', 'http://s.example.com'])(
    'is where the root of the short domain leads, and no visit is stored: %s',
    async (url) => {
      for (const method of ['GET', 'HEAD'] as const) {
        const { status, location, answer } = await ask(leading, url, { ...onShortHost, method })
        expect([status, location]).toEqual([302, 'https://www.example.com/welcome?from=s'])
        expect(answer.headers['cache-control']).toBe('no-store')
      }
    },
  )

  it('is not where the root of the API leads', async () => {
    for (const url of ['/', '/api/v2']) expect((await ask(leading, url)).answer.json().code).toBe(404)
  })

  it('leads from the path of SHORT_URL too, and not in a circle', async () => {
    const env = { SHORT_URL: 'https://api.example.com/go', ROOT_URL: 'https://api.example.com/' }
    const below = await testApp({ env })
    const host = { headers: { ...browser, host: 'api.example.com' } }
    expect((await ask(below, '/go/', host)).location).toBe('https://api.example.com/')
    expect(await ask(below, '/', host)).toMatchObject({ status: 404, type: html })
    expect((await ask(below, '/api/v2', host)).type).toBe(json)
  })
})

describe('a fallback', () => {
  let lastLink = 100
  async function newLink(given: Parameters<typeof storeLink>[3]): Promise<{ id: number; path: string }> {
    const id = ++lastLink
    for (const { db } of [site, leading]) await storeLink(db, 26, id, given)
    return { id, path: `/link26x${id}` }
  }
  const visits = ({ db }: TestApp, id: number) => db.prisma.visit.count({ where: { linkId: id } })

  const dead: [string, 404 | 410, Parameters<typeof storeLink>[3]][] = [
    ['inactive', 404, { status: 0 }],
    ['expired', 410, { expiresAt: yesterday }],
    ['without a target', 404, { longUrl: '', status: 0 }],
    ['of a scheme that is not allowed', 404, { longUrl: 'intent:x' }],
  ]
  it.each(dead)(
    'is where a link leads that is %s: its own, else that of the server, else a page',
    async (_, status, given) => {
      const plain = await newLink(given)
      const own = await newLink({ ...given, fallbackUrl: 'https://own.example.com/ü {browser}' })
      expect(await ask(site, plain.path)).toMatchObject({ status, type: html })
      expect(await ask(leading, plain.path, onShortHost)).toMatchObject({
        status: 302,
        location: 'https://www.example.com/sorry',
      })
      for (const [at, asked] of [
        [site, {}],
        [leading, onShortHost],
      ] as const) {
        const { status, location, answer } = await ask(at, own.path, asked)
        expect([status, location]).toEqual([302, 'https://own.example.com/%C3%BC%20{browser}'])
        expect(answer.headers['cache-control']).toBe('no-store')
        for (const { id } of [plain, own]) expect(await visits(at, id)).toBe(0)
      }
    },
  )

  it('is where a used-up link leads, for people and bots, and only its visits before are stored', async () => {
    const { id, path } = await newLink({ maxVisits: 1, redirectStatus: 301, fallbackUrl: 'https://own.example.com/' })
    expect((await ask(site, path)).location).toBe(`https://example.com/${id}`)
    for (const headers of [browser, { 'user-agent': 'curl/8.5.0' }]) {
      expect(await ask(site, path, { headers })).toMatchObject({ status: 302, location: 'https://own.example.com/' })
    }
    expect(await visits(site, id)).toBe(1)
  })

  it('is that of the server for a deleted link, whose own is gone with it', async () => {
    const { path } = await newLink({ deletedAt: new Date(), fallbackUrl: 'https://own.example.com/' })
    expect(await ask(site, path)).toMatchObject({ status: 410, type: html })
    expect((await ask(leading, path, onShortHost)).location).toBe('https://www.example.com/sorry')
  })

  it.each(['/nobody7', '/nobody7.', '/no.such', '/a+b', '/offer/spring', '/%ZZ'])(
    'is where a browser is led that opens what is no link: %s',
    async (url) => {
      for (const method of ['GET', 'HEAD'] as const) {
        const { status, location, answer } = await ask(leading, url, { ...onShortHost, method })
        expect([status, location]).toEqual([302, 'https://www.example.com/sorry'])
        expect(answer.headers['cache-control']).toBe('no-store')
      }
    },
  )

  it('is where a program is led that opens an unknown token, and nothing else', async () => {
    const headers = { ...program, host: 's.example.com' }
    expect((await ask(leading, '/nobody7', { headers })).location).toBe('https://www.example.com/sorry')
    expect((await ask(leading, '/no.such', { headers })).type).toBe(json)
  })

  it.each(['/favicon.ico', '/robots.txt.', '/.well-known/x', '/sitemap.xml', '/login', '/link/urls'])(
    'is not for files and words of a server: %s',
    async (url) => {
      expect(await ask(leading, url, onShortHost)).toMatchObject({ status: 404, type: html })
    },
  )

  it('is not for another verb, and never where it leads itself', async () => {
    expect(await ask(leading, '/nobody7', { ...onShortHost, method: 'POST' })).toMatchObject({
      status: 404,
      type: html,
    })
    const circle = await testApp({
      env: { SHORT_URL: 'https://s.example.com', FALLBACK_URL: 'https://s.example.com/gone' },
    })
    expect((await ask(circle, '/nobody7', onShortHost)).location).toBe('https://s.example.com/gone')
    for (const url of ['/gone', '/gone/', '/gone?x']) {
      expect(await ask(circle, url, onShortHost)).toMatchObject({ status: 404, type: html })
    }
  })

  it('is created, shown, edited and taken away through the API, and followed at once', async () => {
    const long_url = 'https://example.com/'
    const save = async (method: 'POST' | 'PUT', url: string, fields: object) => {
      const payload = { long_url, ...fields }
      const answer = await site.app.inject({ method, url: `${url}?include=settings`, payload, headers: site.as(26) })
      return answer.json().data
    }
    const created = await save('POST', '/link/urls', { status: 0, fallback_url: 'https://a.example.com/{x}' })
    const path = `/link/urls/${created.id}`
    const location = async () => (await ask(site, `/${created.token}`)).location
    expect(created.fallback_url).toBe('https://a.example.com/{x}')
    expect(await location()).toBe('https://a.example.com/{x}')
    expect(await save('PUT', path, { title: 'x' })).toMatchObject({ fallback_url: 'https://a.example.com/{x}' })
    expect(await save('PUT', path, { fallback_url: 'https://b.example.com/' })).toMatchObject({
      fallback_url: 'https://b.example.com/',
    })
    await expect.poll(location).toBe('https://b.example.com/')
    expect(await save('PUT', path, { fallback_url: null })).toMatchObject({ fallback_url: null })
    await expect.poll(location).toBeUndefined()
    const plain = await site.app.inject({ url: path, headers: site.as(26) })
    expect(plain.json().data).not.toHaveProperty('fallback_url')
  })
})
