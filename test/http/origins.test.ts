import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { storeLinks } from '../support/visits.js'

const dashboard = 'https://dashboard.example.com'
let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { CORS_ORIGINS: `${dashboard},http://localhost:5173` } })
  await storeLinks(site.db, 26, 21)
})
afterAll(() => site.close())

/** What an answer says to browsers of who may read it. */
async function crossOrigin(app: TestApp['app'], request: InjectOptions): Promise<Record<string, unknown>> {
  const { statusCode, headers, body } = await app.inject(request)
  const said = Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary')
  return { status: statusCode, body, ...Object.fromEntries(said) }
}

const preflight = (origin: string, url = '/link/urls/21'): InjectOptions => ({
  method: 'OPTIONS',
  url,
  headers: {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,content-type',
  },
})

const exposed =
  'Content-Disposition, ETag, Retry-After, WWW-Authenticate, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset'

describe('a page of an origin that is named', () => {
  it.each<[number, InjectOptions]>([
    [200, { url: '/link/urls/21/visits' }],
    [200, { url: '/api/v2/link/urls' }],
    [200, { url: '/openapi.json' }],
    [401, { url: '/link/urls/21', headers: {} }],
    [403, { url: '/developer/tokens' }],
    [404, { url: '/link/urls/999' }],
    [404, { url: '/no/such/path' }],
    [405, { method: 'DELETE', url: '/link/urls' }],
    [422, { url: '/link/urls?per_page=0' }],
  ])('may read an answer, also a %i', async (status, request) => {
    const headers = { ...(status === 401 ? {} : site.as(26, 'links:read visits:read')), origin: dashboard }
    const { body: _, vary, ...answer } = await crossOrigin(site.app, { ...request, headers })
    expect(answer).toEqual({
      status,
      'access-control-allow-origin': dashboard,
      'access-control-expose-headers': exposed,
    })
    expect(String(vary)).toMatch(/^Origin\b/)
  })

  it('is one of several, and what depends on the token depends on it still', async () => {
    const headers = { ...site.as(26), origin: 'http://localhost:5173' }
    expect(await crossOrigin(site.app, { url: '/link/urls/21', headers })).toMatchObject({
      'access-control-allow-origin': 'http://localhost:5173',
      vary: 'Origin, Authorization',
    })
    expect(await crossOrigin(site.app, { url: '/link/urls/21/visits/export', headers })).toMatchObject({
      vary: 'Origin, Authorization, Accept-Encoding',
    })
  })

  it('may ask with every verb and a token, and is told so before it has one', async () => {
    expect(await crossOrigin(site.app, preflight(dashboard))).toEqual({
      status: 204,
      body: '',
      'access-control-allow-origin': dashboard,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers':
        'Authorization, Content-Type, If-None-Match, Last-Event-ID, X-HTTP-Method-Override',
      'access-control-expose-headers': exposed,
      'access-control-max-age': '600',
      vary: 'Origin',
    })
  })
})

describe('a page of any other origin', () => {
  it.each([
    'https://evil.example',
    'http://dashboard.example.com',
    'https://dashboard.example.com:8443',
    'https://dashboard.example.com.evil.example',
    'https://evil.dashboard.example.com',
    'https://dashboard.example.com/',
    'HTTPS://DASHBOARD.EXAMPLE.COM',
    `${dashboard},http://localhost:5173`,
    'null',
    '*',
    '',
  ])('may neither read nor ask: %s', async (origin) => {
    const headers = { ...site.as(26), origin }
    for (const request of [{ url: '/link/urls/21', headers }, preflight(origin)]) {
      const answer = await crossOrigin(site.app, request)
      expect(Object.keys(answer)).not.toContain('access-control-allow-origin')
    }
  })

  it('is the page of any origin where none is named', async () => {
    const { app, as } = await testApp()
    const { body, ...answer } = await crossOrigin(app, { url: '/link/urls', headers: { ...as(26), origin: dashboard } })
    expect(answer).toEqual({ status: 200, vary: 'Authorization' })
    expect(await crossOrigin(app, preflight(dashboard))).toEqual({
      status: 405,
      body: '{"status":"ERROR","code":405,"message":"Method Not Allowed","data":[]}',
    })
  })
})

it('where all may read, no answer is for one of them', async () => {
  const { app, as } = await testApp({ env: { CORS_ORIGINS: '*' } })
  for (const request of [{ url: '/link/urls', headers: { ...as(26), origin: 'https://any.example' } }]) {
    expect(await crossOrigin(app, request)).toMatchObject({ status: 200, 'access-control-allow-origin': '*' })
  }
  expect(await crossOrigin(app, preflight('https://any.example'))).toMatchObject({ 'access-control-allow-origin': '*' })
})

it('cookies and other credentials of a browser never come into it', async () => {
  for (const request of [{ url: '/link/urls', headers: { ...site.as(26), origin: dashboard } }, preflight(dashboard)]) {
    expect(await crossOrigin(site.app, request)).not.toHaveProperty('access-control-allow-credentials')
  }
})

it.each<[number, InjectOptions]>([
  [405, { method: 'OPTIONS', url: '/link/urls/21' }],
  [405, { method: 'OPTIONS', url: '/link/urls/21', headers: { origin: dashboard } }],
  [405, { method: 'OPTIONS', url: '/link/urls/21', headers: { 'access-control-request-method': 'PUT' } }],
  [404, { method: 'OPTIONS', url: '/no/such/path' }],
])('an OPTIONS that is no question of a page is %i in the envelope', async (status, request) => {
  const { body } = await crossOrigin(site.app, request)
  expect(JSON.parse(String(body))).toMatchObject({ status: 'ERROR', code: status, data: [] })
})

it('short links have no readers', async () => {
  const answer = await crossOrigin(site.app, { url: '/link26x21', headers: { origin: dashboard } })
  expect(answer).toEqual({ status: 302, body: '' })
})
