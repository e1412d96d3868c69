import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../src/visits/append.js'
import { openApp, type TestApp } from './support/app.js'
import { type Operation, operationsOf, requestOf } from './support/operations.js'
import { namedBy, newThings, type Things } from './support/two-accounts.js'
import { chromeOnMac, localhost, newVisit, storeLink } from './support/visits.js'

/** No request holds up others for longer. */
const limitMs = 20

let site: TestApp
let things: Things
let operations: Operation[]
let people: object[]

beforeAll(async () => {
  site = await openApp({ env: { RATE_LIMIT: '0', DEFAULT_COUNTRY: 'GB', WEBHOOK_ALLOW_PRIVATE: 'on' } })
  things = await newThings(site, 1)
  operations = await operationsOf(site)
  const link = Number(things.link)
  for (let first = 0; first < 12_000; first += 1_000) {
    const batch = range(1_000).map((nth) => {
      const userAgent = { ...chromeOnMac, browserVersion: String(nth % 300), browser: `Browser ${nth % 50}` }
      const place = { ...localhost, city: `City ${nth % 700}` }
      const createdAt = new Date(Date.UTC(2020, 0, 1) + (first + nth) * 3_600_000)
      return newVisit(link, { userAgent, place, createdAt, queryString: 'q'.repeat(500) })
    })
    await appendVisits(site.db, 1, batch)
  }
  people = range(10_000).map((nth) => ({
    mobile: `+44 (0)7700 9${String(nth).padStart(5, '0')}`,
    message_id: `message ${nth} ${'ü'.repeat(200)}`,
    sent_at: `${1970 + (nth % 8_000)}-07-01 12:00:00`,
  }))
  for (const id of [...range(20)].map((nth) => 900 + nth)) await storeLink(site.db, 1, id)
})
afterAll(() => site?.close())

const range = (length: number) => Array.from({ length }, (_, nth) => nth)

/** CPU time of the process between two rounds of the event loop: it is the same however busy the machine is. */
async function longestBlockMs(work: () => Promise<unknown>): Promise<number> {
  const used = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  let longest = 0
  let last = used()
  let isOver = false
  const ended = new Promise<void>((resolve) => {
    const look = () => {
      const now = used()
      longest = Math.max(longest, now - last)
      last = now
      if (isOver) resolve()
      else setImmediate(look)
    }
    setImmediate(look)
  })
  await work()
  isOver = true
  await ended
  return longest
}

type Asked = Pick<InjectOptions, 'method' | 'url' | 'headers' | 'payload'>

/** What compiles and collects garbage on the way is not the request's: the least of some rounds counts. */
async function blockOf(asked: () => Asked, rounds = 8): Promise<number> {
  let least = Infinity
  for (let round = 0; round < rounds && least > limitMs; round++) {
    const request = asked()
    least = Math.min(
      least,
      await longestBlockMs(async () => {
        const headers = { ...site.as(1, everything), ...request.headers }
        const answer = await site.app.inject({ ...request, headers, payloadAsStream: true } as InjectOptions)
        // Not kept: what it takes to put an answer together is the reader's.
        for await (const _ of answer.stream());
      }),
    )
  }
  return least
}

const everything = 'admin visits:pii recipients:erase audit:read'

const mebibyte = 1024 * 1024
const filled = (text: string, bytes: number) => text.repeat(Math.floor(bytes / Buffer.byteLength(text)))
const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const parts = { 'content-type': 'multipart/form-data; boundary=x' }

/** Bodies that cost the most to read, whatever they are for. */
function bodies(bytes: number): Record<string, Pick<Asked, 'headers' | 'payload'>> {
  const room = bytes - 100
  const listed = (item: string, count = Infinity) => {
    return `{"a":[${Array.from({ length: Math.min(count, Math.floor(room / (item.length + 1))) }, () => item).join(',')}]}`
  }
  const part = (nth: number) =>
    `--x\r\ncontent-disposition: form-data; name="a[${nth}]"\r\n\r\n${filled('b', room / 1100)}\r\n`
  return {
    'lists in lists': { headers: json, payload: filled('[', room) },
    'lists beside lists': { headers: json, payload: `{"a":${listed('[]', 190_000)}}` },
    numbers: { headers: json, payload: listed('1', 190_000) },
    'numbers below': { headers: json, payload: `{"a":${listed('1', 190_000)}}` },
    'too many numbers': { headers: json, payload: listed('1') },
    fields: {
      headers: json,
      payload: `{${range(Math.floor(room / 12))
        .map((nth) => `"a${nth}":1`)
        .join(',')}}`.slice(0, room),
    },
    objects: { headers: json, payload: listed('{"a":1,"b":"2"}', 60_000) },
    blanks: { headers: json, payload: `{"title":"${filled(' ', room)}"}` },
    'wide blanks': { headers: json, payload: `{"title":"${filled('\u3000', room)}"}` },
    escapes: { headers: json, payload: `{"title":"${filled('\\u0041', room)}"}` },
    'no UTF-8': { headers: json, payload: Buffer.from(`{"title":"${filled('\xff', room / 2)}"}`, 'latin1') },
    'UTF-16': { headers: json, payload: Buffer.from(`{"title":"${filled('a', room / 2)}"}`, 'utf16le') },
    'a text without end': { headers: json, payload: `{"a":[1,"${filled('\\"', room)}` },
    'a list without end': { headers: json, payload: `{"a":[${filled('1,', room)}` },
    'a form of ampersands': { headers: form, payload: filled('&', room) },
    'a form of escapes': { headers: form, payload: `title=${filled('%41', room)}` },
    'a form of fields': {
      headers: form,
      payload: range(1000)
        .map((nth) => `a[${nth}]=${filled('b', room / 1100)}`)
        .join('&'),
    },
    'a form of brackets': { headers: form, payload: filled('a[]=1&', room) },
    parts: { headers: parts, payload: `${range(1000).map(part).join('')}--x--` },
    'too many parts': { headers: parts, payload: filled('--x\r\n\r\n\r\n\r\n', room) },
    'a part of ends': {
      headers: parts,
      payload: `--x\r\ncontent-disposition: form-data; name="${filled('\\', 16_000)}"\r\n\r\n${filled('\r\n--', room - 20_000)}`,
    },
  }
}

const query = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
const many = (value: (nth: number) => string, count = 50) => range(count).map(value).join(',')
/** As long as headers may be. */
const long = 14_000

/** Filters with as much in them as they take. */
const filters: Record<string, Record<string, string>> = {
  numbers: { 'filter[mobile]': many((nth) => `0 (0)7700 9${String(nth).padStart(5, '0')}`) },
  'foreign numbers': { 'filter[mobile]': many((nth) => `+5215512345${String(nth).padStart(3, '0')}`) },
  values: Object.fromEntries(
    ['browser', 'platform', 'device_brand', 'region', 'city', 'host'].map((name) => [
      `filter[${name}]`,
      many((nth) => `${name} ${'x'.repeat(20)} ${nth}`),
    ]),
  ),
  addresses: { 'filter[client_ip]': many((nth) => `2001:db8::${nth}`) },
  times: { from: '1970-01-01 00:00:00', to: '9999-12-31 23:59:59', datetime: '', sort: 'created_at' },
  'what is not there': { [`filter[${'x'.repeat(1000)}]`]: 'x'.repeat(long - 2000) },
}

const brackets = { [`a${'[b]'.repeat(60)}`]: '1', ...Object.fromEntries(range(900).map((nth) => [`b[${nth}]`, ''])) }

const statistics: Record<string, Record<string, string>> = {
  'months of centuries': { from: '1970-01-01', to: '2135-01-01', interval: 'month', timezone: 'Europe/Dublin' },
  'years to come': { from: '9800-01-01', to: '9960-01-01', interval: 'month', timezone: 'America/Santiago' },
  hours: { from: '2020-01-01', to: '2020-03-20', interval: 'hour', timezone: 'Africa/Casablanca' },
  weeks: { from: '2000-01-01', to: '2038-01-01', interval: 'week', timezone: 'Asia/Gaza' },
  groups: { group_by: 'city,browser', top: '100', timezone: 'Asia/Kathmandu' },
  'hours of the week': { group_by: 'weekday,hour', timezone: 'Australia/Lord_Howe', bots: 'exclude' },
}

const agents = {
  brackets: filled('(', long),
  products: filled('Mozilla/5.0 (', long),
  versions: filled('Chrome/1.', long),
  blanks: `Mozilla/5.0 (${filled(' ', long)}`,
  semicolons: `Mozilla/5.0 (Linux; Android 9; ${filled(';', long)}`,
}

const manyRules = (count: number, value: unknown) =>
  range(count).map(() => ({ when: { platform: value, country_code: value, device_type: value }, long_url: 'x' }))

/** What costs the most of an operation, besides what any body costs. */
function worst(): Record<string, Record<string, Partial<Asked>>> {
  const listOf = (given: Record<string, Record<string, string>>) => (url: string) =>
    Object.fromEntries(Object.entries(given).map(([name, fields]) => [name, { url: `${url}?${query(fields)}` }]))
  const ofVisits = (url: string, more: Record<string, string> = {}) => {
    const all = { ...filters, brackets }
    return listOf(Object.fromEntries(Object.entries(all).map(([name, fields]) => [name, { ...fields, ...more }])))(url)
  }
  const payload = (fields: object) => ({ payload: fields })
  const link = `/link/urls/${things.link}`
  const recipients = (list: unknown[]) => payload({ recipients: list })
  const links = {
    tags: payload({ long_url: 'https://example.com', tags: range(150_000).map(String) }),
    'wrong tags': payload({ long_url: 'https://example.com', tags: range(150_000) }),
    rules: payload({ long_url: 'https://example.com', rules: range(50_000).map(() => 1) }),
    'wrong rules': payload({ long_url: 'https://example.com', rules: manyRules(50, range(1_000)) }),
    'long rules': payload({
      long_url: 'https://example.com',
      rules: manyRules(
        50,
        range(100).map(() => 'zz'),
      ),
    }),
    'rules as long as they are looked at': payload({
      long_url: 'https://example.com',
      rules: manyRules(
        15,
        range(95).map(() => 'zz'),
      ),
    }),
    braces: payload({
      long_url: `https://example.com/${filled('{', 2_000)}`,
      fallback_url: `https://example.com/?${filled('{a}', 2_000)}`,
    }),
  }
  const webhooks = {
    braces: payload({ name: 'x', uri: `https://example.com/${filled('{', 2_000)}` }),
    placeholders: payload({ name: 'x', uri: `https://example.com/${filled('{browser}', 2_000)}` }),
    escapes: payload({ name: 'x', uri: `https://example.com/${filled('%7B', 2_000)}` }),
    'a long name': payload({
      name: filled('x', mebibyte / 2),
      uri: filled('http://', mebibyte / 4),
      token: filled('whsec_', mebibyte / 8),
    }),
  }
  return {
    createLink: links,
    editLink: links,
    createWebhook: webhooks,
    editWebhook: webhooks,
    createToken: {
      scopes: payload({ name: 'x', scopes: range(100_000).map(() => 'links:read') }),
      'wrong scopes': payload({ name: 'x', scopes: range(100_000).map(String) }),
      'a text of scopes': payload({ name: 'x', scopes: filled('links:read ', mebibyte / 2) }),
      addresses: payload({
        name: 'x',
        scopes: ['admin'],
        allowed_ips: range(60_000).map((nth) => `10.0.${nth % 256}.1`),
      }),
      'wrong addresses': payload({ name: 'x', scopes: ['admin'], allowed_ips: range(100_000).map(String) }),
      'a text of addresses': payload({ name: 'x', scopes: ['admin'], allowed_ips: filled('10.0.0.1,', mebibyte / 2) }),
    },
    createRecipients: {
      'as many as there may be': recipients(people),
      'the same again': recipients(people),
      'with other numbers': recipients(
        people.map((one, nth) => ({ ...one, mobile: `+1 202 555 ${1000 + (nth % 9000)}` })),
      ),
      'national numbers': recipients(range(10_000).map((nth) => ({ mobile: `0049 (0) 151 ${1_000_000 + nth}` }))),
      'wrong ones': recipients(range(10_000).map(() => ({ mobile: 'x'.repeat(200), message_id: [], sent_at: {} }))),
      'no objects': recipients(range(10_000)),
      'nothing but a list': { headers: json, payload: JSON.stringify(people) },
      'too many': recipients(range(90_000).map(() => ({}))),
    },
    eraseRecipient: {
      'a long number': payload({ mobile: filled('1 ', mebibyte / 2) }),
      'a number in quotes': payload({ mobile: filled('"', mebibyte / 2) }),
      'a number of everybody': payload({ mobile: '+44 7700 900001' }),
    },
    openLink: {
      ...Object.fromEntries(
        Object.entries(agents).map(([name, agent]) => [name, { headers: { 'user-agent': agent } }]),
      ),
      languages: { headers: { 'accept-language': filled('en-GB;q=0.1,', long) } },
      addresses: { headers: { 'x-forwarded-for': filled('1.1.1.1,', long) } },
      'a query': { url: `/link1x900?${filled('a=%41&', long)}` },
      'a path': { url: `/${filled('%F0%9F%98%80', long)}` },
      punctuation: { url: `/link1x900${filled('.,', long)}` },
    },
    listVisits: ofVisits(`${link}/visits`, { per_page: '100' }),
    followVisits: ofVisits(`${link}/visits/feed`, { limit: '1000' }),
    followAllVisits: ofVisits('/link/visits/feed', { limit: '1000' }),
    countVisits: { ...ofVisits(`${link}/visits/stats`), ...listOf(statistics)(`${link}/visits/stats`) },
    countAllVisits: { ...ofVisits('/link/visits/stats'), ...listOf(statistics)('/link/visits/stats') },
    exportVisits: Object.fromEntries(
      ['csv', 'ndjson', 'parquet'].map((format) => [
        format,
        { url: `${link}/visits/export?format=${format}`, headers: { 'accept-encoding': 'gzip' } },
      ]),
    ),
    listRecipients: {
      all: { url: `${link}/recipients?per_page=100` },
      'a number': { url: `${link}/recipients?${query({ 'filter[mobile]': filled('1 ', long / 3) })}` },
    },
    listLinks: {
      values: {
        url: `/link/urls?${query({ 'filter[id]': many(String, 100), 'filter[tag]': many(String, 100), search: '%'.repeat(250), per_page: '100' })}`,
      },
      brackets: { url: `/link/urls?${query(brackets).slice(0, long)}` },
    },
  }
}

it(`no operation holds up others for more than ${limitMs} ms, with the largest and worst that it takes`, async () => {
  globalThis.answersAreMeasured = true
  const slow: Record<string, number> = {}
  try {
    const cases = worst()
    const measure = async (name: string, asked: Asked) => {
      const block = await blockOf(() => asked)
      if (block > limitMs) slow[name] = Math.round(block)
    }
    for (const operation of operations.toSorted(
      (a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'),
    )) {
      const ids = operation.parameters.length === 0 ? [] : idsOf(operation)
      const plain = requestOf(operation, ids)
      await measure(operation.id, plain as Asked)
      const bytes = operation.id === 'createRecipients' ? 8 * mebibyte : mebibyte
      // Under another verb it is the same route.
      const isAlias = /By(Post|Patch)$/.test(operation.id)
      const any = operation.body === undefined || isAlias ? {} : bodies(bytes)
      for (const [name, given] of Object.entries({ ...any, ...cases[operation.id] })) {
        await measure(`${operation.id}: ${name}`, { ...plain, ...given } as Asked)
      }
      delete cases[operation.id]
    }
    // An operation that is called otherwise now has its worst beside it still.
    expect(Object.keys(cases)).toEqual([])
  } finally {
    globalThis.answersAreMeasured = undefined
  }
  expect(slow).toEqual({})
})

function idsOf({ path }: Operation): string[] {
  return path === '/{token}' ? ['link1x900'] : namedBy(path, things)
}
