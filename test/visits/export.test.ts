import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { cursorsOf } from '../../src/visits/cursor.js'
import { wireKeys } from '../../src/visits/files/wire-keys.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { openApp, type TestApp } from '../support/app.js'
import { rawRequest } from '../support/raw-http.js'
import { chromeOnMac, localhost, newVisit, storeLinks, storeRecipients } from '../support/visits.js'

const all = 'visits:read visits:pii'
const safari = { ...chromeOnMac, browser: 'Mobile Safari', deviceType: 'smartphone', touchEnabled: true }
const attacker = { ...chromeOnMac, userAgent: '=HYPERLINK("http://evil.example","x")', browser: '@SUM(1)' }
const berlin = { ...localhost, country: 'Germany', countryCode: 'DE', city: 'Berlin', latitude: '-52.5' }
const kinds: Partial<NewVisit>[] = [
  { recipientId: 1 },
  { userAgent: safari, place: berlin, createdAt: new Date('2026-03-29T00:30:00.999Z') },
  { userAgent: attacker, queryString: '+1,"2"\r\n\t=3', clientIp: '2001:db8::1', recipientId: 2 },
  { isBot: true, options: { bot: true, bot_reason: 'user_agent' }, place: null, scheme: 'https', host: 'go.example' },
]
/** More than two batches. */
const count = 2500

let site: TestApp
let stored: NewVisit[] = []

beforeAll(async () => {
  site = await openApp({ env: { TZ_OUTPUT: 'Europe/Berlin' } })
  await storeLinks(site.db, 26, 20, 21, 22)
  await storeLinks(site.db, 27, 21)
  await storeRecipients(site.db, 26, 21, ['4477009001', '12'])
  stored = Array.from({ length: count }, (_, at) => newVisit(21, kinds[at % kinds.length]))
  await appendVisits(site.db, 26, stored)
  await appendVisits(site.db, 26, [newVisit(22)])
  await appendVisits(site.db, 27, [newVisit(21)])
  await site.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => site?.close())

interface ExportOptions {
  scope?: string
  owner?: number
  headers?: Record<string, string>
  link?: number
  method?: 'HEAD'
}

/** Over a real connection: trailers and what becomes of it when it breaks are not to be seen otherwise. */
async function open(query: string, options: ExportOptions = {}): Promise<IncomingMessage> {
  const { scope = all, owner = 26, headers = {}, link = 21, method = 'GET' } = options
  const path = `/link/urls/${link}/visits/export?${query}`
  const asked = httpRequest({
    agent: false,
    method,
    port: port(),
    path,
    headers: { ...site.as(owner, scope), ...headers },
  }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return answer
}

async function get(query: string, options: ExportOptions = {}) {
  const answer = await open(query, options)
  const body = await buffer(answer)
  return { status: answer.statusCode, headers: answer.headers, trailers: answer.trailers, body, text: body.toString() }
}

const rowsOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

async function listed(query: string, scope = all): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (let page = 1; ; page++) {
    const url = `/link/urls/21/visits?per_page=100&page=${page}&${query}`
    const { data } = (await site.app.inject({ url, headers: site.as(26, scope) })).json()
    rows.push(...data)
    if (data.length < 100) return rows
  }
}

describe('the file', () => {
  it('has the rows of the list, oldest recorded first, each byte as there', async () => {
    const { status, headers, text } = await get('format=ndjson')
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': 'attachment; filename="visits-21.ndjson"',
      'cache-control': 'private, no-store',
      vary: 'Authorization, Accept-Encoding',
    })
    const expected = (await listed('')).reverse().map((row) => `${JSON.stringify(row)}\n`)
    expect(expected).toHaveLength(count)
    expect(text === expected.join('')).toBe(true)
  })

  it('is CSV with a header, the same values, and no cell that a spreadsheet runs', async () => {
    const { headers, text } = await get('format=csv')
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="visits-21.csv"',
    })
    const [header, ...records] = parse(text) as string[][]
    expect(header).toEqual(wireKeys)
    expect(records.flat().filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([])
    const rows = rowsOf((await get('format=ndjson')).text)
    const cells = rows.map((row) =>
      wireKeys.map((key) => {
        const value = row[key]
        return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
      }),
    )
    expect(records.map((record) => record.map((cell) => cell.replace(/^'/, '')))).toEqual(cells)
    expect(records[2]?.[wireKeys.indexOf('user_agent')]).toBe(`'${attacker.userAgent}`)
    expect(records[1]?.[wireKeys.indexOf('latitude')]).toBe("'-52.5")
  })

  it('is empty but for what its format has at least, for a link without visits', async () => {
    expect((await get('format=ndjson', { link: 20 })).text).toBe('')
    expect((await get('format=csv', { link: 20 })).text).toBe(`${wireKeys.join(',')}\r\n`)
    expect((await get('format=ndjson', { link: 20 })).trailers['x-row-count']).toBe('0')
  })

  it('masks numbers from those who may not see them', async () => {
    const rows = rowsOf((await get('', { scope: 'visits:read' })).text)
    expect(rows.slice(0, 4).map(({ mobile }) => mobile)).toEqual(['4477009***', null, '***', null])
    expect((await get('filter[mobile]=4477009001', { scope: 'visits:read' })).status).toBe(403)
  })

  it('has only what the owner has: another one has another link of that number, or none', async () => {
    expect(rowsOf((await get('', { owner: 27 })).text)).toHaveLength(1)
    const foreign = await get('', { owner: 27, link: 22 })
    const missing = await get('', { owner: 27, link: 999 })
    expect(foreign.status).toBe(404)
    expect(foreign.text).toBe(missing.text)
    expect((await get('', { scope: 'links:read' })).status).toBe(403)
  })

  it('answers HEAD with the headers alone', async () => {
    const { status, headers, body } = await get('format=csv', {
      method: 'HEAD',
      headers: { 'accept-encoding': 'gzip' },
    })
    expect({ status, length: body.length, type: headers['content-type'] }).toEqual({
      status: 200,
      length: 0,
      type: 'text/csv; charset=utf-8',
    })
    expect(headers).not.toHaveProperty('content-length')
  })
})

describe('filters', () => {
  it.each([
    'bots=exclude',
    'bots=only',
    'filter[browser]=Mobile Safari',
    'filter[browser]=-Chrome,-Mobile Safari&bots=exclude',
    'filter[token]=r21x1',
    'filter[mobile]=4477009001',
    'filter[city]=Atlantis',
    'filter[suspect]=-network&bots=exclude',
    'from=2026-01-01&to=2026-12-31',
    'bots=exclude&as_of=1001',
  ])('%s gives what the list gives', async (query) => {
    const expected = (await listed(query)).reverse()
    const { text, trailers } = await get(query.replaceAll(' ', '%20'))
    expect(rowsOf(text)).toEqual(expected)
    expect(trailers['x-row-count']).toBe(String(expected.length))
  })

  it.each([
    ['format=xlsx', 'format'],
    ['sort=created_at', 'sort'],
    ['filter[os]=Linux', 'filter.os'],
    ['as_of=99999', 'as_of'],
    ['cursor=x', 'cursor'],
    ['after=1', 'after'],
    ['after=00000000-0000-4000-8000-000000000000', 'after'],
    ['after=00000000-0000-4000-8000-000000000000&cursor=x', 'after'],
  ])('%s is refused by name', async (query, field) => {
    const { status, text } = await get(query)
    expect(status).toBe(422)
    expect(JSON.parse(text).errors).toHaveProperty([field])
  })
})

describe('going on', () => {
  it('gives exactly the rest after a visit, under the same filters', async () => {
    const rows = rowsOf((await get('bots=exclude')).text)
    for (const at of [0, 499, 500, rows.length - 1]) {
      expect(rowsOf((await get(`bots=exclude&after=${rows[at]?.id}`)).text)).toEqual(rows.slice(at + 1))
    }
    const other = await get(`after=${rows[0]?.id}`, { link: 22 })
    expect(other.status).toBe(422)
  })

  it('gives what came since, after the cursor in the trailers; the feed takes the same cursor', async () => {
    await storeLinks(site.db, 26, 31)
    await appendVisits(site.db, 26, [newVisit(31), newVisit(31, { isBot: true })])
    const first = await get('bots=exclude', { link: 31 })
    expect(first.headers.trailer).toBe('X-Row-Count, X-Next-Cursor')
    expect(first.trailers['x-row-count']).toBe('1')
    const cursor = first.trailers['x-next-cursor']
    const nothing = await get(`cursor=${cursor}`, { link: 31 })
    expect([nothing.text, nothing.trailers['x-next-cursor']]).toEqual(['', cursor])
    const added = newVisit(31)
    await appendVisits(site.db, 26, [added])
    const ids = rowsOf((await get(`cursor=${cursor}`, { link: 31 })).text).map(({ id }) => id)
    expect(ids).toEqual([added.id])
    const feed = await site.app.inject({ url: `/link/urls/31/visits/feed?cursor=${cursor}`, headers: site.as(26) })
    expect(feed.json().data.map(({ id }: { id: string }) => id)).toEqual([added.id])
    expect((await get(`cursor=${cursor}`, { link: 22 })).status).toBe(422)
  })
})

it('refuses a cursor that is ahead of the log, as after a backup was restored', async () => {
  const cursors = await cursorsOf(site.db)(0)
  const ahead = cursors.write({ ownerId: 26, linkId: 20, position: 1, erased: 0, epoch: 0 })
  expect((await get(`cursor=${ahead}`, { link: 20 })).status).toBe(409)
})

describe('compression', () => {
  it.each([
    ['gzip', 'gzip', gunzipSync],
    ['gzip;q=0.5, br', 'br', brotliDecompressSync],
    ['gzip, br;q=0', 'gzip', gunzipSync],
    ['*', 'br', brotliDecompressSync],
  ])('%s gives %s, with the same bytes inside and the trailers behind', async (accepted, coding, decompress) => {
    const plain = await get('')
    expect(plain.headers).not.toHaveProperty('content-encoding')
    const { headers, body, trailers } = await get('', { headers: { 'accept-encoding': accepted } })
    expect(headers['content-encoding']).toBe(coding)
    expect(body.length).toBeLessThan(plain.body.length / 5)
    expect(decompress(body).equals(plain.body)).toBe(true)
    expect(trailers).toEqual(plain.trailers)
  })

  it.each([['identity'], ['br;q=0, *;q=0'], ['identity, gzip;q=0.5'], ['zstd']])('%s gives none', async (accepted) => {
    const { headers } = await get('', { method: 'HEAD', headers: { 'accept-encoding': accepted } })
    expect(headers).not.toHaveProperty('content-encoding')
  })
})

describe('an answer that breaks off', () => {
  it.each([{}, { 'accept-encoding': 'gzip' }, { 'accept-encoding': 'br' }])(
    'is never a whole one for the client: %o',
    async (headers) => {
      batchesRead(2)
      await expect(get('', { headers: headers as Record<string, string> })).rejects.toThrow(
        /aborted|hang up|ECONNRESET/,
      )
    },
  )

  it('is reset for a client of HTTP/1.0, for whom a file ends in order with its connection', async () => {
    const { authorization } = site.as(26)
    const asked = `GET /link/urls/21/visits/export HTTP/1.0\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`
    const { text } = await get('', { scope: 'visits:read' })
    const whole = await rawRequest(site.app, asked)
    expect(whole.headers).not.toHaveProperty('transfer-encoding')
    expect(rowsOf(whole.body)).toEqual(rowsOf(text))

    batchesRead(1)
    const socket = connect(port(), '127.0.0.1').pause()
    await new Promise((resolve) => socket.on('error', () => {}).write(asked, resolve))
    await expect.poll(connections).toBe(0)
    // After an end in order this would still be sent. Reading does not tell: libuv makes an end of a reset behind data.
    const refusal = await new Promise((resolve) => socket.write('x', resolve))
    expect(refusal).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  })

  it('is whole for a request that names no version of HTTP', async () => {
    const { authorization } = site.as(26)
    const head = `x: 1 HTTP/1.1\r\nconnection: close\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`
    const answer = await rawRequest(site.app, `GET /link/urls/21/visits/export\r\n${head}`)
    const { text } = await get('', { scope: 'visits:read' })
    expect([answer.status, rowsOf(answer.body)]).toEqual([200, rowsOf(text)])
  })

  it('is one that the server cut when it stops for good', async () => {
    const answer = await open('')
    site.app.server.closeAllConnections()
    await expect(buffer(answer)).rejects.toThrow('aborted')
  })

  it('is an error in the envelope when nothing was sent yet', async () => {
    batchesRead(0)
    const { status, headers, text } = await get('format=csv', { headers: { 'accept-encoding': 'gzip' } })
    expect([status, JSON.parse(text).code]).toEqual([500, 500])
    expect(headers['content-type']).toContain('application/json')
    expect(headers).not.toHaveProperty('content-encoding')
    expect(headers).not.toHaveProperty('content-disposition')
  })
})

describe('a long file', () => {
  const rows = 41_000
  const rare = [1, 20_000, 20_001, 40_001]
  let ids: string[] = []

  beforeAll(async () => {
    await storeLinks(site.db, 26, 41)
    const long = { queryString: 'q'.repeat(800) }
    const visits = Array.from({ length: rows }, (_, at) => newVisit(41, { ...long, isBot: rare.includes(at + 1) }))
    for (let at = 0; at < rows; at += 5000) await appendVisits(site.db, 26, visits.slice(at, at + 5000))
    ids = visits.map(({ id }) => id)
  })

  it('is searched in parts, and has each match once, at the edges of the parts too', async () => {
    const { text, trailers } = await get('bots=only', { link: 41 })
    expect(rowsOf(text).map(({ id }) => id)).toEqual(rare.map((position) => ids[position - 1]))
    expect(trailers['x-row-count']).toBe('4')
  })

  it('is the same while others ask, and read in smaller parts', async () => {
    const batches = batchesRead()
    const last = `after=${ids[rows - 5001]}`
    const alone = await get(last, { link: 41 })
    const few = batches()
    let isRead = false
    const reading = get(last, { link: 41 }).finally(() => {
      isRead = true
    })
    const asking = async () => {
      while (!isRead) await get('', { link: 20 })
    }
    // Several at once: on a busy machine there is otherwise nobody waiting when a part is chosen.
    await Promise.all([asking(), asking(), asking(), asking()])
    const among = await reading
    expect(rowsOf(among.text).map(({ id }) => id)).toEqual(ids.slice(-5000))
    expect(among.body.equals(alone.body)).toBe(true)
    expect(batches() - few).toBeGreaterThan(few)
  })

  it('is read as fast as its client takes it: meanwhile no connection is held, and nothing is read for who has gone', async () => {
    const batches = batchesRead()
    const answer = await open('', { link: 41 })
    let seen = 0
    // Nobody takes anything: when the buffers are full, the walk waits.
    await expect
      .poll(() => {
        const before = seen
        seen = batches()
        return [seen - before, site.db.pool.totalCount - site.db.pool.idleCount]
      })
      .toEqual([0, 0])
    expect(seen).toBeLessThan(rows / 500 / 2)
    answer.destroy()
    await expect.poll(connections).toBe(0)
    const left = batches()
    await get('', { link: 20 })
    expect(batches()).toBe(left)
  })
})

function port(): number {
  const address = site.app.server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return address.port
}

function connections(): Promise<number> {
  return new Promise((resolve, reject) => {
    site.app.server.getConnections((error, number) => (error ? reject(error) : resolve(number)))
  })
}

/** Counts the batches that are read, and has the database fail after some. */
function batchesRead(most = Number.POSITIVE_INFINITY): () => number {
  const { pool } = site.db
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown
  let batches = 0
  const spy = vi.spyOn(pool, 'query').mockImplementation(((...args: unknown[]) => {
    if (JSON.stringify(args[0]).includes('v.seq BETWEEN')) batches++
    return batches > most ? Promise.reject(new Error('the disk is on fire')) : query(...args)
  }) as typeof pool.query)
  onTestFinished(() => spy.mockRestore())
  return () => batches
}
