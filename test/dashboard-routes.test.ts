import { readdirSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp, testApp } from './support/app.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const loadedBy = (page: string) => [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)

it('the dashboard needs no token, loads nothing from elsewhere and is not allowed to', async () => {
  const { app } = site
  const page = await app.inject('/dashboard')
  expect(page.statusCode).toBe(200)
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
  expect(page.body).not.toMatch(/<script>|<style|style="|\son\w+=/)
  const loaded = loadedBy(page.body)
  for (const url of loaded) expect(url).toMatch(/^\/dashboard\/assets\/[\w-]+-[\w-]{8}\.(js|css|svg)$/)
  // The picture of the tab, the first script with its style, and the code of the pages beside them.
  for (const file of ['icon', 'index', 'app']) expect(loaded.join(' ')).toContain(`/assets/${file}-`)
  for (const url of ['/dashboard/', '//dashboard', '/api/v2/dashboard']) {
    expect((await app.inject(url)).body).toBe(page.body)
  }
  const again = await app.inject({ url: '/dashboard', headers: { 'if-none-match': String(page.headers.etag) } })
  expect([again.statusCode, again.body]).toEqual([304, ''])
})

it('its files are kept for ever, and compressed already', async () => {
  const { app } = site
  for (const url of loadedBy((await app.inject('/dashboard')).body)) {
    const plain = await app.inject(url)
    expect([url, plain.statusCode]).toEqual([url, 200])
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    const packed = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body)
    expect(packed.headers['content-type']).toBe(plain.headers['content-type'])
  }
})

it('there is nothing else below it', async () => {
  const { app } = site
  for (const path of ['x', 'assets', 'assets/', 'assets/x.js', 'assets/../index.html', 'assets/%2e%2e/index.html']) {
    const answer = await app.inject(`/dashboard/${path}`)
    expect([path, answer.statusCode, answer.json().message]).toEqual([path, 404, 'Not Found'])
  }
})

it('is below the path of the public address, and not on the host of short links', async () => {
  const env = {
    PUBLIC_URL: 'https://example.com/smart-link',
    SHORT_URL: 'https://s.example.com',
    TZ_OUTPUT: 'Asia/Tokyo',
    STREAM_HEARTBEAT_MS: '5000',
  }
  const { app } = await testApp({ env })
  const { body } = await app.inject({ url: '/dashboard', headers: { host: 'example.com' } })
  expect(body).toContain('data-api="/smart-link" data-zone="Asia/Tokyo" data-heartbeat="5000"')
  for (const url of loadedBy(body)) expect(url).toMatch(/^\/smart-link\/dashboard\/assets\//)
  expect((await app.inject({ url: '/dashboard', headers: { host: 's.example.com' } })).statusCode).toBe(404)
})

it('no source of it is in the package twice or left readable as a map', () => {
  const files = readdirSync(new URL('../dist/dashboard', import.meta.url), { recursive: true, encoding: 'utf8' })
  expect(files.filter((file) => /\.(map|tsx?)$/.test(file))).toEqual([])
})
