import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isHost, routePath } from '../../src/http/address.js'
import { bearer, openApps } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { rawRequest } from '../support/raw-http.js'
import { storeLinks } from '../support/visits.js'

describe('the path that routes know', () => {
  it.each([
    ['/link/urls/1/visits', '/link/urls/1/visits'],
    ['/link/urls/1/visits/?a=//b/', '/link/urls/1/visits?a=//b/'],
    ['/api/v2', '/'],
    ['/api/v2/', '/'],
    ['/api/v2?x', '/?x'],
    ['/api/v2/api/v2/health', '/health'],
    ['/api/v2/api/v2/api/v2/health', '/api/v2/health'],
    ['/api/v22/health', '/api/v22/health'],
    ['/x/api/v2/health', '/x/api/v2/health'],
    ['///', '/'],
    ['*', '*'],
    ['http://example.com/api/v2/health?x', '/health?x'],
    ['HTTPS://example.com:81//health//', '/health'],
    ['http://example.com', '/'],
    ['http://example.com?x', '/?x'],
    ['/health#/../x?y', '/health'],
    ['/health?x=http://a//b/', '/health?x=http://a//b/'],
  ])('of %s is %s', (url, path) => {
    expect(routePath(url)).toBe(path)
  })

  it('is settled by one cleaning, but for the prefix', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[a-z/?#.%]{0,30}$/), (url) => {
        expect(routePath(routePath(url))).toBe(routePath(url))
      }),
    )
  })
})

describe('a host', () => {
  it.each([
    'a',
    'example.com',
    'EXAMPLE.com:443',
    '127.0.0.1:3000',
    '[::1]',
    '[::1]:80',
    'xn--bcher-kva.example',
    'a_b',
  ])('is valid: %s', (host) => expect(isHost(host)).toBe(true))

  it.each([
    '',
    ' ',
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'a@b',
    'a\\b',
    'a:b',
    'a:',
    'a:99999',
    'a:80:80',
    '::1',
    '[::1',
    '[x]',
    '[::g]',
    '.a',
    '-a',
    'bücher.example',
    '999.999.999.999',
    'a\r\nb',
    'a,b',
    '<b>',
    'javascript:alert(1)',
    'x'.repeat(300),
  ])('is not valid: %j', (host) => expect(isHost(host)).toBe(false))
})

const url = '/api/v2/link/urls/21/visits'
const noPublicUrl = { PUBLIC_URL: '' }

const apps = openApps()
afterAll(apps.close)

/** Where an answer says it is, asked with these headers. */
async function pathOf(env: Record<string, string>, headers: Record<string, string>, remoteAddress = '127.0.0.1') {
  const { app, db, as } = await apps.withEnv(env)
  const owner = newOwner()
  await storeLinks(db, owner, 21)
  const answer = await app.inject({ url, headers: { ...as(owner), ...headers }, remoteAddress })
  return answer.statusCode === 200 ? answer.json().meta.path : answer.body
}

const forged = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-for': '1.2.3.4' }
const badHost = '{"status":"ERROR","code":400,"message":"The Host header is not a valid host.","data":[]}'

describe('URLs in answers', () => {
  it.each([
    ['PUBLIC_URL, whatever the request says', { PUBLIC_URL: 'https://s.example/base/' }, { host: 'other', ...forged }],
    ['PUBLIC_URL, even with a Host that is none', { PUBLIC_URL: 'https://s.example/base' }, { host: 'a/b' }],
  ])('begin with %s', async (_, env, headers) => {
    expect(await pathOf(env, headers)).toBe(`https://s.example/base${url}`)
  })

  it.each([
    ['my.example:8080', 'http://my.example:8080'],
    ['[::1]:3000', 'http://[::1]:3000'],
    ['my.example', 'http://my.example'],
  ])('begin with the Host of the request without PUBLIC_URL: %s', async (host, origin) => {
    expect(await pathOf(noPublicUrl, { host })).toBe(origin + url)
  })

  it.each(['a/b', 'a b', 'a@b', 'a"b', '<script>', 'a:99999'])(
    'are refused, not made, from a Host that is none: %j',
    async (host) => expect(await pathOf(noPublicUrl, { host })).toBe(badHost),
  )

  it('of other answers do not exist, so their Host does not matter', async () => {
    const { app } = await apps.withEnv(noPublicUrl)
    const answer = await app.inject({ url: '/health', headers: { host: 'a/b' } })
    expect(answer.statusCode).toBe(200)
  })

  it('need a Host in HTTP/1.0 too', async () => {
    const { app, db } = await apps.withEnv(noPublicUrl)
    const owner = newOwner()
    await storeLinks(db, owner, 21)
    const { authorization } = bearer({ sub: String(owner) })
    const answer = await rawRequest(app, `GET ${url} HTTP/1.0\r\nAuthorization: ${authorization}\r\n\r\n`)
    expect(answer.body).toBe(badHost)
  })

  it('never hold the access token, nor the origin or fragment of a request target', async () => {
    const { app, db } = await apps.withEnv({})
    const owner = newOwner()
    await storeLinks(db, owner, 21)
    const token = bearer({ sub: String(owner) }).authorization.slice('Bearer '.length)
    const target = `http://evil.example${url}?access_token=${token}&per_page=1#evil`
    const answer = await rawRequest(app, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    expect(JSON.parse(answer.body).links.first).toBe(`https://api.example.com${url}?per_page=1&page=1`)
    expect(answer.body).not.toContain(token)
    expect(answer.body).not.toContain('evil')
  })
})

describe('X-Forwarded headers', () => {
  const host = 'inner.example'
  const proxied = { host, ...forged }
  const trusted = `https://evil.example${url}`
  const ignored = `http://${host}${url}`

  it.each([
    ['ignored when TRUST_PROXY is off', 'off', '127.0.0.1', ignored],
    ['ignored from an address that is not trusted', '10.0.0.0/8', '127.0.0.1', ignored],
    ['ignored from a neighbour of the trusted range', '10.0.0.0/8,192.168.1.1', '192.168.1.2', ignored],
    ['believed from a trusted range', '10.0.0.0/8', '10.9.8.7', trusted],
    ['believed from a trusted address', '10.0.0.0/8, 192.168.1.1', '192.168.1.1', trusted],
    ['believed from a trusted address that is mapped to IPv6', '10.0.0.0/8', '::ffff:10.9.8.7', trusted],
    ['believed from a named range', 'loopback', '127.0.0.1', trusted],
    ['believed for the given number of hops', '1', '203.0.113.9', trusted],
  ])('are %s', async (_, proxies, peer, path) => {
    expect(await pathOf({ ...noPublicUrl, TRUST_PROXY: proxies }, proxied, peer)).toBe(path)
  })

  const behindProxy = { ...noPublicUrl, TRUST_PROXY: 'loopback' }

  it('name the host by their last entry, which the nearest proxy wrote', async () => {
    const headers = { host, 'x-forwarded-host': 'evil.example, right.example', 'x-forwarded-proto': 'ftp, https' }
    expect(await pathOf(behindProxy, headers)).toBe(`https://right.example${url}`)
  })

  it('that hold no host or another scheme are refused, though a trusted proxy passed them on', async () => {
    expect(await pathOf(behindProxy, { host, 'x-forwarded-host': 'a/b' })).toBe(badHost)
    expect(await pathOf(behindProxy, { host, 'x-forwarded-proto': 'javascript' })).toBe(
      '{"status":"ERROR","code":400,"message":"The X-Forwarded-Proto header is neither http nor https.","data":[]}',
    )
  })
})
