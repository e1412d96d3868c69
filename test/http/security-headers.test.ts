import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { rawRequest } from '../support/raw-http.js'
import { storeLinks } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({ extend: (app) => void app.get('/fails', async () => Promise.reject(new Error('x'))) })
  await storeLinks(site.db, 26, 21)
})
afterAll(() => site.close())

const security = {
  'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
}

it.each<[number, InjectOptions]>([
  [200, { url: '/link/urls' }],
  [200, { url: '/link/urls/21/visits/export' }],
  [200, { url: '/health' }],
  [200, { url: '/openapi.json' }],
  [304, { url: '/link/urls', headers: { 'if-none-match': '*' } }],
  [400, { url: '/%zz' }],
  [400, { url: '/link/urls', method: 'POST', headers: { 'content-type': 'application/json' }, payload: '{' }],
  [401, { url: '/link/urls', headers: { authorization: 'Bearer x' } }],
  [404, { url: '/link/urls/999' }],
  [404, { url: '/no/such/path' }],
  [405, { url: '/link/urls', method: 'DELETE' }],
  [422, { url: '/link/urls?per_page=0' }],
  [500, { url: '/fails' }],
])('a browser is told to trust nothing in an answer: %i, %o', async (status, request) => {
  const answer = await site.app.inject({ ...request, headers: { ...site.as(26), ...request.headers } })
  expect(answer.statusCode).toBe(status)
  expect(answer.headers).toMatchObject(security)
  expect(Object.keys(answer.headers)).not.toContain('x-powered-by')
  expect(Object.keys(answer.headers)).not.toContain('server')
})

it.each(['GARBAGE\r\n\r\n', `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`])(
  'nor in one that came before any route',
  async (text) => {
    expect((await rawRequest(site.app, text)).headers).toMatchObject(security)
  },
)

it('the page of the reference runs its own scripts and no others, and no page frames it', async () => {
  const { headers, statusCode } = await site.app.inject('/docs')
  expect(statusCode).toBe(200)
  expect(headers).toMatchObject({
    ...security,
    'content-security-policy': expect.stringContaining("script-src 'self'"),
  })
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  expect(headers['content-security-policy']).not.toContain('unsafe')
})

it('a page for people who open a link has a policy of its own; a redirect carries no more than it must', async () => {
  const page = await site.app.inject('/nolink')
  expect(page.headers).toMatchObject({
    'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-/),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  const redirect = await site.app.inject('/link26x21')
  expect(redirect.statusCode).toBe(302)
  expect(Object.keys(redirect.headers).filter((name) => name in security)).toEqual(['referrer-policy'])
})
