import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { createToken } from '../../src/accounts/create-token.js'
import { SeededRandom } from '../../src/demo/random.js'
import { appendVisits } from '../../src/visits/append.js'
import { bearer, openApp, type TestApp, type TestAppOptions, testApp } from '../support/app.js'
import { createDatabase } from '../support/database.js'
import { addressOf, type EventStream, openStream } from '../support/event-stream.js'
import { newOwner } from '../support/owners.js'
import { until } from '../support/until.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'
import { Writer } from '../support/writers.js'

const open: EventStream[] = []
afterEach(() => {
  for (const stream of open.splice(0)) stream.close()
})

let shared: TestApp
beforeAll(async () => {
  shared = await openApp()
  await shared.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => shared.close())

/** Links 21 and 22 of a new owner. @param options of an app of its own; without them it is that of the file */
async function streamApp(options?: TestAppOptions) {
  const site = options === undefined ? shared : await testApp(options)
  if (options !== undefined) await site.app.listen({ port: 0, host: '127.0.0.1' })
  const owner = newOwner()
  await storeLinks(site.db, owner, 21, 22)
  const stream = async (path: string, headers: Record<string, string> = {}) => {
    const opened = await openStream(site, path, { ...site.as(owner), ...headers })
    open.push(opened)
    return opened.begun()
  }
  const append = async (linkId: number, count: number, given: Parameters<typeof newVisit>[1] = {}) => {
    const visits = Array.from({ length: count }, () => newVisit(linkId, given))
    await appendVisits(site.db, owner, visits)
    return visits.map(({ id }) => id)
  }
  const get = async (url: string, headers: Record<string, string> = {}) =>
    site.app.inject({ url, headers: { ...site.as(owner), ...headers } })
  return { site, owner, stream, append, get }
}

async function idsOf(stream: EventStream, count: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) {
    const event = await stream.next()
    if (event === null) throw new Error(`the stream ended after ${ids.length} visits`)
    ids.push(JSON.parse(event.data).id)
  }
  return ids
}

const link = '/link/urls/21/visits/stream'
const account = '/link/visits/stream'

describe('a stream', () => {
  it('has each visit as the list shows it, from now on, under a cursor of the feed', async () => {
    const { stream, append, get } = await streamApp()
    await append(21, 3)
    const opened = await stream(link)
    const [id] = await append(21, 1)
    const event = await opened.next()
    const list = (await get('/link/urls/21/visits?per_page=1')).body
    expect(event?.event).toBe('visit')
    expect(list).toContain(`"data":[${event?.data}]`)
    expect(event?.data).toContain(`{"id":"${id}"`)
    const later = await append(21, 1)
    const feed = (await get(`/link/urls/21/visits/feed?cursor=${event?.id}`)).json()
    expect(feed.data.map((visit: { id: string }) => visit.id)).toEqual(later)
  })

  it('of the account has all links, of a link only its own', async () => {
    const { stream, append } = await streamApp()
    const [all, one] = [await stream(account), await stream(link)]
    const ids = [...(await append(22, 1)), ...(await append(21, 2)), ...(await append(22, 1))]
    expect(await idsOf(all, 4)).toEqual(ids)
    expect(await idsOf(one, 2)).toEqual(ids.slice(1, 3))
  })

  it('is neither kept, compressed nor gathered up on its way', async () => {
    const { stream } = await streamApp()
    const { headers } = (await stream(link, { 'accept-encoding': 'gzip, br' })).response
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(headers.get('content-encoding')).toBe(null)
  })

  it('starts after a cursor; what an EventSource sends when it connects again is newer', async () => {
    const { stream, append, get } = await streamApp()
    const ids = await append(21, 5)
    const cursor = async (limit: number) =>
      (await get(`/link/urls/21/visits/feed?limit=${limit}`)).json().meta.next_cursor as string
    const [two, four] = [await cursor(2), await cursor(4)]
    expect(await idsOf(await stream(`${link}?cursor=${two}`), 3)).toEqual(ids.slice(2))
    expect(await idsOf(await stream(`${link}?cursor=${two}`, { 'last-event-id': four }), 1)).toEqual(ids.slice(4))
    expect(await idsOf(await stream(`${link}?cursor=${two}`, { 'last-event-id': '' }), 3)).toEqual(ids.slice(2))
  })

  it('that was cut off before any visit came goes on from where it began', async () => {
    const { stream, append } = await streamApp()
    await append(21, 2)
    for (const path of [link, account]) {
      const first = await stream(path)
      first.close()
      const ids = await append(21, 2)
      expect(await idsOf(await stream(path, { 'last-event-id': first.lastId }), 2)).toEqual(ids)
    }
  })

  it('gives signs of life while there are no visits, and keeps no connection to the database', async () => {
    const { site, stream } = await streamApp({ env: { STREAM_HEARTBEAT_MS: '1000' } })
    const opened = await stream(link)
    await opened.heartbeat()
    await opened.heartbeat()
    const quiet = await Promise.all(Array.from({ length: 30 }, () => stream(account)))
    await Promise.all(quiet.map((other) => other.heartbeat()))
    const { pool } = site.db
    await until(() => pool.idleCount === pool.totalCount)
  })

  it.each([
    ['the header', link, { 'last-event-id': 'x' }, 'last-event-id'],
    ['the parameter', `${account}?cursor=x`, {}, 'cursor'],
    ['a filter', `${account}?filter[browser]=Chrome`, {}, 'filter'],
  ])('refuses what is wrong with %s by name', async (_, path, headers, field) => {
    const { get } = await streamApp()
    const answer = await get(path, headers as Record<string, string>)
    expect(answer.json()).toMatchObject({ code: 422, errors: { [field]: [expect.any(String)] } })
  })

  it('refuses a cursor that is ahead of a log which was restored', async () => {
    const { site, owner, stream, append, get } = await streamApp()
    await append(21, 1)
    const { lastId } = await stream(link)
    await site.db.pool.query('UPDATE links SET visits = 0, human_visits = 0 WHERE user_id = $1 AND id = 21', [owner])
    expect((await get(link, { 'last-event-id': lastId })).statusCode).toBe(409)
  })

  it('shows whole numbers only to whoever may see them', async () => {
    const { site, owner, stream } = await streamApp()
    await storeRecipients(site.db, owner, 21, ['447700900123'])
    const masked = await stream(link)
    const whole = await stream(link, site.as(owner, 'visits:read visits:pii'))
    await appendVisits(site.db, owner, [newVisit(21, { recipientId: 1 })])
    const mobiles = [await masked.next(), await whole.next()].map((event) => JSON.parse(event?.data ?? '{}').mobile)
    expect(mobiles).toEqual(['447700900***', '447700900123'])
    expect((await site.app.inject({ url: link, headers: site.as(owner, 'links:read') })).statusCode).toBe(403)
  })

  it('ends when its link is deleted', async () => {
    const { site, owner, stream, get } = await streamApp({ env: { STREAM_HEARTBEAT_MS: '1000' } })
    const opened = await stream(link)
    await site.app.inject({ method: 'DELETE', url: '/link/urls/21', headers: site.as(owner) })
    expect(await opened.next()).toBe(null)
    expect((await get(link)).statusCode).toBe(404)
  })
})

describe('owners', () => {
  it("get another's link as a missing one, another's cursor as none, and never a visit of another", async () => {
    const { site, stream, append } = await streamApp()
    const other = newOwner()
    await storeLinks(site.db, other, 21, 23)
    const mine = await stream(account)
    const theirs = [await stream(account, site.as(other)), await stream(link, site.as(other))]
    const refused = async (path: string, headers: Record<string, string> = {}) => {
      const { statusCode, body } = await site.app.inject({ url: path, headers: { ...site.as(other), ...headers } })
      return { statusCode, body }
    }
    expect(await refused('/link/urls/22/visits/stream')).toEqual(await refused('/link/urls/999/visits/stream'))
    expect((await refused(account, { 'last-event-id': mine.lastId })).statusCode).toBe(422)
    const ids = await append(21, 2)
    expect(await idsOf(mine, 2)).toEqual(ids)
    const own = newVisit(21)
    await appendVisits(site.db, other, [own])
    for (const stream of theirs) expect(await idsOf(stream, 1)).toEqual([own.id])
  })
})

describe('an access token', () => {
  it('in the query, as an EventSource sends it, goes on being welcome, until it is revoked', async () => {
    const { site, owner, append } = await streamApp({ env: { STREAM_HEARTBEAT_MS: '1000' } })
    const rights = { scopes: [], expiresAt: null, allowedIps: [], rateLimit: null }
    const { text, stored } = await createToken(site.db, owner, { name: 'of an EventSource', ...rights })
    const jwt = bearer({ sub: String(owner) }).authorization.slice('Bearer '.length)
    for (const given of [text, jwt]) {
      const opened = await (await openStream(site, `${link}?access_token=${given}`, {})).begun()
      open.push(opened)
      await opened.heartbeat()
      const ids = await append(21, 1)
      expect(await idsOf(opened, 1)).toEqual(ids)
      if (given !== text) continue
      await site.app.inject({ method: 'DELETE', url: `/developer/tokens/${stored.id}`, headers: site.as(owner) })
      await append(21, 1)
      expect(await opened.next()).toBe(null)
    }
  })

  it('that was revoked ends its streams, and nothing comes through them after that', async () => {
    const { site, owner, stream, append } = await streamApp({ env: { STREAM_HEARTBEAT_MS: '1000' } })
    const rights = { scopes: [], expiresAt: null, allowedIps: [], rateLimit: null }
    const { text, stored } = await createToken(site.db, owner, { name: 'of a stream', ...rights })
    const opened = await stream(link, { authorization: `Bearer ${text}` })
    const revoked = await site.app.inject({
      method: 'DELETE',
      url: `/developer/tokens/${stored.id}`,
      headers: site.as(owner),
    })
    expect(revoked.statusCode).toBe(200)
    await append(21, 1)
    expect(await opened.next()).toBe(null)
  })

  it('that expires ends its streams', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { owner, stream, append } = await streamApp({ env: { STREAM_HEARTBEAT_MS: '1000' } })
    const opened = await stream(link, bearer({ sub: String(owner), exp: Math.floor(Date.now() / 1000) + 600 }))
    const ids = await append(21, 1)
    expect(await idsOf(opened, 1)).toEqual(ids)
    vi.setSystemTime(Date.now() + 601_000)
    await append(21, 1)
    expect(await opened.next()).toBe(null)
  })
})

it('an account has so many streams at once and no more, until one is closed', async () => {
  const { site, owner, stream } = await streamApp({ env: { STREAMS_LIMIT: '2' } })
  const [first] = [await stream(link), await stream(account)]
  const refused = await site.app.inject({ url: link, headers: site.as(owner) })
  expect(refused.json()).toEqual({
    ...{ status: 'ERROR', code: 429, message: 'Too many streams of the account are open.', data: [] },
  })
  expect(refused.headers['retry-after']).toBe('10')
  await stream(account, site.as(newOwner()))
  first?.close()
  await until(() => stream(link).catch(() => null))
})

it('who leaves before the stream has begun takes no place from the others', async () => {
  const { site, owner, stream } = await streamApp({ env: { STREAMS_LIMIT: '1' } })
  const client = await site.db.pool.connect()
  await client.query('BEGIN; LOCK TABLE links')
  const { port, hostname } = new URL(addressOf(site))
  const socket = connect(Number(port), hostname)
  const [[, reply]] = (await Promise.all([
    once(site.app.server, 'request'),
    socket.write(`GET ${link} HTTP/1.1\r\nHost: a\r\nAuthorization: ${site.as(owner).authorization}\r\n\r\n`),
  ])) as [[unknown, ServerResponse], boolean]
  socket.destroy()
  await once(reply, 'close')
  await client.query('COMMIT')
  client.release()
  const opened = await stream(link)
  opened.close()
  await until(() => stream(link).catch(() => null))
})

describe('a server that stops', () => {
  it('ends its streams in order', async () => {
    const { site, stream, append } = await streamApp({})
    const streams = [await stream(link), await stream(account)]
    const ids = await append(21, 1)
    for (const opened of streams) expect(await idsOf(opened, 1)).toEqual(ids)
    await Promise.all([site.app.close(), ...streams.map(async (opened) => expect(await opened.next()).toBe(null))])
  })

  it('does not wait for a reader that takes nothing', async () => {
    const { site, owner, append } = await streamApp({})
    const stalled = await stallingReader({ site, owner })
    for (let batch = 0; batch < 15; batch++) await append(21, 1000)
    await stalled.blocked()
    await site.app.close()
    await stalled.cut()
  })
})

describe('a slow reader', () => {
  it('is waited for: nothing is read ahead of it, and it misses nothing', async () => {
    const { site, owner, append } = await streamApp({})
    const stalled = await stallingReader({ site, owner })
    const ids: string[] = []
    for (let batch = 0; batch < 15; batch++) ids.push(...(await append(21, 1000)))
    const response = await stalled.blocked()
    const reads = vi.spyOn(site.db.pool, 'query')
    expect(response.writableLength).toBeLessThan(500_000)
    for (let more = 0; more < 20; more++) ids.push(...(await append(21, 1)))
    // One piece may have been on its way; the word of twenty more has led to nothing.
    const pieces = reads.mock.calls.flat().filter((call) => JSON.stringify(call).includes('v.seq BETWEEN'))
    expect(pieces.length).toBeLessThanOrEqual(2)
    reads.mockRestore()
    expect(await stalled.take(ids.length)).toEqual(ids)
  })

  it('that takes nothing for long is cut off, and goes on where it was', async () => {
    const { site, owner, stream, append } = await streamApp({ env: { STREAM_HEARTBEAT_MS: '1000' } })
    const stalled = await stallingReader({ site, owner })
    const ids: string[] = []
    for (let batch = 0; batch < 15; batch++) ids.push(...(await append(21, 1000)))
    await stalled.cut()
    const taken = stalled.taken()
    expect(taken.ids.length).toBeLessThan(ids.length)
    const rest = await idsOf(await stream(link, { 'last-event-id': taken.lastId }), ids.length - taken.ids.length)
    expect([...taken.ids, ...rest]).toEqual(ids)
  })
})

/** A reader that opens a link's stream and takes nothing of it until it is told to. */
async function stallingReader({ site, owner }: Pick<Awaited<ReturnType<typeof streamApp>>, 'site' | 'owner'>) {
  let response: ServerResponse | undefined
  const note = (message: unknown) => {
    response = (message as { response: ServerResponse }).response
  }
  subscribe('http.server.request.start', note)
  const socket: Socket = connect(Number(new URL(addressOf(site)).port), '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.write(`GET ${link} HTTP/1.1\r\nHost: a\r\nAuthorization: ${site.as(owner).authorization}\r\n\r\n`)
  await until(() => text.includes('\nid: '))
  unsubscribe('http.server.request.start', note)
  socket.pause()
  const taken = () => {
    // Chunks of HTTP may begin and end within a line.
    const body = text.replace(/\r\n[0-9a-f]+\r\n/g, '')
    const events = [...body.matchAll(/^id: ([\w-]+)\ndata: \{"id":"([\w-]+)".*\}\n\n/gm)]
    return {
      ids: events.map(([, , id = '']) => id),
      lastId: events.at(-1)?.[1] ?? /\nid: ([\w-]+)/.exec(text)?.[1] ?? '',
    }
  }
  return {
    /** Until the connection holds as much as it can. */
    blocked: async () => {
      await until(() => response?.writableNeedDrain)
      if (response === undefined) throw new Error('there was no request')
      return response
    },
    /** Until it is not connected any more. */
    cut: async () => {
      await until(() => response?.destroyed)
      socket.resume()
      if (!socket.closed) await once(socket, 'close')
    },
    take: async (count: number) => {
      socket.resume()
      await until(() => taken().ids.length >= count)
      return taken().ids
    },
    taken,
  }
}

describe('while two processes append, a reader that connects again and again gets every visit once, in order', () => {
  it.each([link, account])('%s', async (path) => {
    const database = await createDatabase(inject('templateName'))
    onTestFinished(database.drop)
    const { site, owner } = await streamApp({ databaseUrl: database.url })
    const writers = [new Writer(database.url), new Writer(database.url)]
    onTestFinished(async () => void (await Promise.all(writers.map((writer) => writer.close()))))
    const random = new SeededRandom(path.length)
    const batches = () =>
      Array.from({ length: 60 }, () =>
        Array.from({ length: 1 + random.below(4) }, () => newVisit(path === account ? random.pick([21, 22]) : 21)),
      )
    const sent = writers.map(batches)
    const total = sent.flat(2).length

    const first = await openStream(site, path, site.as(owner))
    let lastId = (await first.begun()).lastId
    first.close()
    const writing = Promise.all(writers.map((writer, at) => writer.append(owner, sent[at] ?? [])))
    const got: string[] = []
    let connections = 0
    while (got.length < total) {
      const stream = await openStream(site, path, { ...site.as(owner), 'last-event-id': lastId })
      connections += 1
      for (let left = 1 + random.below(15); left > 0 && got.length < total; left--) {
        got.push(...(await idsOf(stream, 1)))
        lastId = stream.lastId
      }
      stream.close()
    }
    await writing
    const { rows } = await database.db.pool.query<{ id: string }>(
      'SELECT id FROM visits WHERE user_id = $1 ORDER BY account_seq',
      [owner],
    )
    expect(got).toEqual(rows.map(({ id }) => id))
    expect(rows).toHaveLength(total)
    expect(connections).toBeGreaterThan(10)
  })
})
