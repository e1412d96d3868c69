import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.js'
import { examineAddress } from '../../src/doctor/address.js'
import { cleanProxyHeaders, plainAddress } from '../../src/http/proxy-headers.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { openApp, type TestApp } from '../support/app.js'
import { storeLink } from '../support/visits.js'

const env = {
  PUBLIC_URL: '',
  SHORT_URL: 'https://s.example.com',
  TRUST_PROXY: 'loopback,10.0.0.0/8,2001:db8:ffff::/48',
  OPENINGS_LIMIT: '20',
  AUTH_FAILURES_LIMIT: '3',
}

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env })
})
afterAll(() => site.close())

const browser = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1'
const tokenOf = (linkId: number) => `link7x${linkId}`

let lastLink = 0
async function newLink(): Promise<number> {
  lastLink += 1
  await storeLink(site.db, 7, lastLink)
  return lastLink
}

/** Opens a link on the host of short URLs, unless another is given. */
async function open(linkId: number, headers: Record<string, string>) {
  const { statusCode } = await site.app.inject({
    url: `/${tokenOf(linkId)}`,
    headers: { host: 's.example.com', 'user-agent': browser, ...headers },
  })
  return statusCode
}

async function newestVisit(linkId: number) {
  const url = `/link/urls/${linkId}/visits`
  const answer = await site.app.inject({ url, headers: { host: 'api.example.com', ...site.as(7) } })
  return answer.json().data[0]
}

describe('an address', () => {
  it.each([
    ['8.8.4.4', '8.8.4.4'],
    ['8.8.4.4:51234', '8.8.4.4'],
    ['8.8.4.4:', '8.8.4.4'],
    ['[8.8.4.4]:80', '8.8.4.4'],
    ['2001:4860:4860::8844', '2001:4860:4860::8844'],
    ['2001:4860:4860:0:0:0:0:8844', '2001:4860:4860::8844'],
    ['2001:4860:4860:0:0:0:0:8844:50123', '2001:4860:4860::8844'],
    ['[2001:4860:4860::8844]', '2001:4860:4860::8844'],
    ['[2001:4860:4860::8844]:443', '2001:4860:4860::8844'],
    ['2001:4860:4860::8844%eth0', '2001:4860:4860::8844'],
    ['[fe80::1%25en0]:8443', 'fe80::1'],
    ['::ffff:8.8.4.4', '8.8.4.4'],
    ['::FFFF:808:404', '8.8.4.4'],
    ['[::ffff:8.8.4.4]:1024', '8.8.4.4'],
    ['::ffff:8.8.4.4:1024', '8.8.4.4'],
    ['unknown', 'unknown'],
    ['_hidden', '_hidden'],
    ['8.8.4', '8.8.4'],
    ['008.8.4.4', '008.8.4.4'],
    ['8.8.4.4:x', '8.8.4.4:x'],
    ['[8.8.4.4', '[8.8.4.4'],
    ['', ''],
  ])('has one spelling: %s', (text, plain) => {
    expect(plainAddress(text)).toBe(plain)
  })

  it('is not looked for in a text that is too long for one', () => {
    const text = `${'["'.repeat(8_000)}8.8.4.4`
    expect(plainAddress(text)).toBe(text)
  })

  it('is found in every form that proxies write lists in', () => {
    const cleaned = (value: string) => {
      const headers = { 'x-forwarded-for': value }
      cleanProxyHeaders(headers)
      return headers['x-forwarded-for']
    }
    expect(cleaned('"8.8.4.4:51234"')).toBe('8.8.4.4')
    expect(cleaned('"[2001:db8::7]:443" , \'10.0.0.1\'')).toBe('2001:db8::7, 10.0.0.1')
    expect(cleaned('"8.8.4.4, 10.0.0.1:80"')).toBe('8.8.4.4, 10.0.0.1')
    expect(cleaned(' ,\t8.8.4.4:1,, 10.0.0.1:2 ,')).toBe('8.8.4.4, 10.0.0.1')
    expect(cleaned(' , "" ,')).toBeUndefined()
  })
})

/** Any country: of some addresses it changes with the city file. */
const known = expect.stringMatching(/^[A-Z]{2}$/)

describe('the address of a visit', () => {
  it.each<[string, string, string, unknown]>([
    ['with a port', '8.8.4.4:51234', '8.8.4.4', known],
    ['in brackets', '[2001:4860:4860::8844]', '2001:4860:4860::8844', known],
    ['in brackets with a port', '[2001:4860:4860::8844]:443', '2001:4860:4860::8844', known],
    ['in quotes', '"8.8.4.4:51234"', '8.8.4.4', known],
    ['IPv4 within IPv6', '::ffff:8.8.4.4', '8.8.4.4', known],
    ['with a zone', '2001:4860:4860::8844%eth1', '2001:4860:4860::8844', known],
    ['before proxies with ports', '8.8.4.4:50001, 10.0.0.9:443, [2001:db8:ffff::1]:80', '8.8.4.4', known],
    ['with one that a visitor made up', '1.1.1.1:1, 8.8.4.4:2, 10.1.1.1:3', '8.8.4.4', known],
    ['unknown', 'unknown', '', ''],
    ['unknown behind one that was made up', '1.1.1.1, unknown', '', ''],
    ['between blank entries', ', 8.8.4.4 ,, 10.0.0.9:1 ,', '8.8.4.4', known],
    ['absent', ' , ', '127.0.0.1', ''],
  ])('is known %s, with its place', async (_, forwarded, client_ip, country_code) => {
    const id = await newLink()
    await open(id, { 'x-forwarded-for': forwarded })
    expect(await newestVisit(id)).toMatchObject({ client_ip, country_code })
  })
})

describe('scheme and host', () => {
  it.each<[string, Record<string, string>, string, string]>([
    ['capitals', { 'x-forwarded-proto': 'HTTPS' }, 'https', 's.example.com'],
    ['mixed letters and blanks', { 'x-forwarded-proto': ' Https ' }, 'https', 's.example.com'],
    ['quotes', { 'x-forwarded-proto': '"https"' }, 'https', 's.example.com'],
    ['several proxies behind HTTPS', { 'x-forwarded-proto': 'https,http' }, 'https', 's.example.com'],
    ['several proxies with HTTPS', { 'x-forwarded-proto': 'https, HTTPS' }, 'https', 's.example.com'],
    ['HTTP in capitals', { 'x-forwarded-proto': 'HTTP' }, 'http', 's.example.com'],
    ['blank entries', { 'x-forwarded-proto': 'https, ,' }, 'https', 's.example.com'],
    ['nothing but blanks', { 'x-forwarded-proto': ' , ' }, 'http', 's.example.com'],
    ['a dot at the end of the host', { host: 's.example.com.' }, 'http', 's.example.com'],
    ['a dot before the port', { host: 's.example.com.:8443' }, 'http', 's.example.com:8443'],
    ['a host in capitals', { host: 'S.Example.COM:80' }, 'http', 's.example.com:80'],
    ['a forwarded host', { host: 'lb', 'x-forwarded-host': 'S.example.com.' }, 'http', 's.example.com'],
    ['its port', { host: 'lb', 'x-forwarded-host': ' s.Example.com.:444 ' }, 'http', 's.example.com:444'],
    ['its list', { host: 'lb', 'x-forwarded-host': 'evil.example, "s.example.com", ' }, 'http', 's.example.com'],
  ])('of a visit are one spelling, with %s', async (_, headers, scheme, host) => {
    const id = await newLink()
    expect(await open(id, { 'x-forwarded-for': `198.51.100.${id}`, ...headers })).toBe(302)
    expect(await newestVisit(id)).toMatchObject({ scheme, host })
  })

  it.each<[Record<string, string>, string]>([
    [{ 'x-forwarded-proto': 'HTTPS', host: 'API.example.com.' }, 'https://api.example.com'],
    [{ 'x-forwarded-proto': 'https,http', host: 'api.example.com.:8443' }, 'https://api.example.com:8443'],
    [{ 'x-forwarded-proto': 'Http', 'x-forwarded-host': 'Api.Example.com.' }, 'http://api.example.com'],
    [{ 'x-forwarded-host': 'other.example, api.example.com:81,' }, 'http://api.example.com:81'],
  ])('begin the URLs of answers: %j', async (headers, origin) => {
    const answer = await site.app.inject({ url: '/link/urls?per_page=1', headers: { ...site.as(7), ...headers } })
    expect(answer.json().meta.path).toBe(`${origin}/link/urls`)
  })

  it('are refused in an API call when they are none, whoever passed them on', async () => {
    const ask = async (headers: Record<string, string>) => {
      const answer = await site.app.inject({ url: '/link/urls', headers: { ...site.as(7), ...headers } })
      return [answer.statusCode, answer.json().message]
    }
    const wrongScheme = [400, 'The X-Forwarded-Proto header is neither http nor https.']
    expect(await ask({ host: 'a', 'x-forwarded-proto': 'HTTPS/2' })).toEqual(wrongScheme)
    expect(await ask({ host: '.' })).toEqual([400, 'The Host header is not a valid host.'])
    expect(await ask({ host: 'a', 'x-forwarded-host': 'a b.' })).toEqual([400, 'The Host header is not a valid host.'])
  })

  it('with a dot name the host that opens links, and no API', async () => {
    const ask = async (url: string, host: string) =>
      (await site.app.inject({ url, headers: { host, ...site.as(7) } })).statusCode
    expect(await ask('/auth/me', 's.example.com.')).toBe(404)
    expect(await ask('/auth/me', 's.example.com.:443')).toBe(404)
    expect(await ask(`/${tokenOf(await newLink())}`, 'other.example.')).toBe(404)
  })

  it('with a dot are the same host in a target, which must not be a short URL', async () => {
    const answer = await site.app.inject({
      ...{ method: 'POST', url: '/link/urls', headers: { host: 'api.example.com', ...site.as(7) } },
      payload: { long_url: 'https://S.example.com./AbC123' },
    })
    expect(answer.json().errors).toEqual({ long_url: ['The long url field must not be a short URL of this server.'] })
  })
})

describe('limits by address', () => {
  it('count openings from all ports of an address together', async () => {
    const id = await newLink()
    const from = (nth: number) => (nth % 2 === 0 ? `203.0.113.9:${50_000 + nth}` : `"[::ffff:203.0.113.9]:${nth}"`)
    const statuses = []
    for (let nth = 0; nth < 22; nth++) statuses.push(await open(id, { 'x-forwarded-for': from(nth) }))
    expect(statuses).toEqual([...Array(20).fill(302), 429, 429])
    expect(await open(id, { 'x-forwarded-for': '203.0.113.10:50000' })).toBe(302)
  })

  it('count wrong tokens from all ports of an address together', async () => {
    const guess = async (forwarded: string) => {
      const headers = {
        host: 'a',
        'x-forwarded-for': forwarded,
        ...withToken(`beginning0${randomBytes(15).toString('hex')}`),
      }
      return (await site.app.inject({ url: '/auth/me', headers })).statusCode
    }
    const statuses = []
    for (const port of [1, 2, 3, 4]) statuses.push(await guess(`[2001:db8:1::9]:${port}`))
    expect(statuses).toEqual([401, 401, 401, 429])
    expect(await guess('[2001:db8:2::9]:1')).toBe(401)
  })
})

describe('the addresses that a token is allowed from', () => {
  it.each([
    ['203.0.113.7:51234', '203.0.113.8:51234', '203.0.113.8'],
    ['"[2001:db8:a::1]:443"', '"[2001:db8:b::1]:443"', '2001:db8:b::1'],
    ['::ffff:203.0.113.7', '::ffff:cb00:7108', '203.0.113.8'],
    ['203.0.113.7:1, 10.0.0.1:2', '203.0.113.7:1, 203.0.113.8:2', '203.0.113.8'],
    ['2001:db8:a::1%eth0', '2001:db8:b::1%eth0', '2001:db8:b::1'],
    ['203.0.113.7', 'unknown', 'unknown'],
  ])('are compared without ports, and so named: %s', async (inside, outside, named) => {
    const allowed_ips = ['203.0.113.7', '2001:db8:a::/48']
    const { access_token: text } = await newToken(site, 7, { allowed_ips })
    const ask = (forwarded: string) =>
      site.app.inject({ url: '/auth/me', headers: { host: 'a', 'x-forwarded-for': forwarded, ...withToken(text) } })
    expect((await ask(inside)).statusCode).toBe(200)
    expect((await ask(outside)).json().message).toBe(`Token is not allowed from this ip:${named}`)
  })
})

it('the doctor sees the address that a server would see', async () => {
  const config = readConfig({ TRUST_PROXY: '10.0.0.0/8' })
  const [finding] = await examineAddress(config, { from: '10.9.9.9', forwarded: '192.0.2.1:5123, 10.1.1.1:80' })
  expect(finding?.text).toMatch(/ is seen from 192\.0\.2\.1$/)
})
