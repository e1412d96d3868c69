import { createHmac } from 'node:crypto'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { erasePerson } from '../../src/erasures/erase.js'
import { appendVisits } from '../../src/visits/append.js'
import { cursorsOf } from '../../src/visits/cursor.js'
import { type TestApp, testApp } from '../support/app.js'
import { emptiedDatabase } from '../support/database.js'
import { openStream } from '../support/event-stream.js'
import { readMetrics } from '../support/metrics.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'
import { Writer } from '../support/writers.js'

const database = emptiedDatabase()

const mobile = '447700900123'
const other = '447700900124'
const ofLink = '/link/urls/1/visits/feed'
const ofAccount = '/link/visits/feed'
const feeds = [ofLink, ofAccount]

interface FeedBody {
  data: { id: string; client_ip: string }[]
  links: { next: string }
  meta: { next_cursor: string; erased: string[] }
}

/** Owners 26 and 27, each with links 1 and 2 to two people. */
async function announcingApp() {
  const site = await testApp({ env: { METRICS_TOKEN: 'a-token-of-the-monitor' }, databaseUrl: (await database()).url })
  for (const owner of [26, 27]) {
    await storeLinks(site.db, owner, 1, 2)
    for (const link of [1, 2]) {
      await storeRecipients(site.db, owner, link, [mobile, other], [`o${owner}l${link}a`, `o${owner}l${link}b`])
    }
  }
  const append = async (link: number, recipients: number[], owner = 26) => {
    const visits = recipients.map((recipientId) => newVisit(link, { recipientId, clientIp: '10.0.0.7' }))
    await appendVisits(site.db, owner, visits)
    return visits.map(({ id }) => id)
  }
  const read = async (url: string, headers = {}, owner = 26) => {
    const answer = await site.app.inject({ url, headers: { ...site.as(owner), ...headers } })
    const { data, links, meta } = answer.statusCode === 200 ? answer.json<FeedBody>() : emptyBody
    return {
      status: answer.statusCode,
      tag: String(answer.headers.etag),
      ids: data.map(({ id }) => id),
      data,
      erased: meta.erased,
      cursor: meta.next_cursor,
      next: links.next.replace('https://api.example.com', ''),
    }
  }
  return { site, append, read, erase: () => erasePerson(site.db, 26, mobile, null) }
}

const emptyBody: FeedBody = { data: [], links: { next: '' }, meta: { next_cursor: '', erased: [] } }

describe.each(feeds)('the feed %s', (path) => {
  it('names once, to who has read before, the visits that were blanked; others read them blank', async () => {
    const { site, append, read, erase } = await announcingApp()
    const [a = '', b = '', c = ''] = await append(1, [1, 2, 1])
    const [d = ''] = await append(2, [1])
    const before = await read(`${path}?limit=2`)
    expect([before.ids, before.erased]).toEqual([[a, b], []])
    await erase()
    const after = await read(`${path}?cursor=${before.cursor}`)
    expect(after.erased).toEqual(path === ofLink ? [a, c] : [a, c, d])
    expect(after.data.map(({ client_ip }) => client_ip)).toEqual(path === ofLink ? [''] : ['', ''])
    expect(await read(after.next)).toMatchObject({ ids: [], erased: [] })
    for (const query of ['', '?since=1990-01-01']) {
      const anew = await read(path + query)
      expect(anew.data.slice(0, 2)).toMatchObject([
        { id: a, client_ip: '' },
        { id: b, client_ip: '10.0.0.7' },
      ])
      expect(anew.erased).toEqual([])
      expect((await read(anew.next)).erased).toEqual([])
    }
    const asked = vi.spyOn(site.db.pool, 'query')
    await read(after.next)
    expect(JSON.stringify(asked.mock.calls)).not.toContain('erased_visits')
    asked.mockRestore()
  })

  it('goes on for a cursor of version 1, and tells its reader of all that was ever blanked', async () => {
    const { site, append, read, erase } = await announcingApp()
    const [a = '', b = '', c = ''] = await append(1, [1, 2, 1])
    const old = await cursorOfVersion1(site, path, 1)
    expect(await read(`${path}?cursor=${old}`)).toMatchObject({ ids: [b, c], erased: [] })
    await erase()
    const told = await read(`${path}?cursor=${old}`)
    expect(told).toMatchObject({ ids: [b, c], erased: [a, c] })
    expect(await read(told.next)).toMatchObject({ ids: [], erased: [] })
    const forged = old.slice(0, 40) + (old[40] === 'A' ? 'B' : 'A') + old.slice(41)
    expect((await read(`${path}?cursor=${forged}`)).status).toBe(422)
  })

  it('tells one by one with a limit of 1, and loses none while visits arrive', async () => {
    const { append, read, erase } = await announcingApp()
    const mine = await append(1, [1, 1, 1, 1])
    let at = await read(path)
    await erase()
    const arrived: string[] = []
    const [seen, told] = [[] as string[], [] as string[]]
    for (let turn = 0; turn < 6; turn++) {
      arrived.push(...(await append(1, [2])))
      at = await read(`${path}?limit=1&cursor=${at.cursor}`)
      expect(at.erased.length).toBeLessThanOrEqual(1)
      seen.push(...at.ids)
      told.push(...at.erased)
    }
    expect([seen, told]).toEqual([arrived, mine])
  })

  it('answers who waits as soon as a visit is blanked', async () => {
    const { site, append, read, erase } = await announcingApp()
    const [a = ''] = await append(1, [1])
    const { cursor } = await read(path)
    const held = read(`${path}?wait=60&cursor=${cursor}`)
    const waiting = async () => {
      const headers = { authorization: 'Bearer a-token-of-the-monitor' }
      return readMetrics((await site.app.inject({ url: '/metrics', headers })).body).get('smart_link_feeds_waiting')
    }
    await expect.poll(waiting).toBe(1)
    await erase()
    expect(await held).toMatchObject({ status: 200, ids: [], erased: [a] })
  })

  it('has another tag after an erasure, at its end too; that of another owner has not, and names only theirs', async () => {
    const { site, append, read, erase } = await announcingApp()
    await append(1, [1])
    const theirs = await append(1, [1], 27)
    const end = (await read(path)).next
    const foreign = (await read(path, {}, 27)).next
    const tags = [(await read(end)).tag, (await read(foreign, {}, 27)).tag]
    expect((await read(end, { 'if-none-match': tags[0] })).status).toBe(304)
    await erase()
    expect(await read(end, { 'if-none-match': tags[0] })).toMatchObject({ status: 200, erased: [expect.any(String)] })
    expect((await read(foreign, { 'if-none-match': tags[1] }, 27)).status).toBe(304)
    expect((await read(foreign, {}, 27)).erased).toEqual([])
    expect((await read(end, {}, 27)).status).toBe(422)
    await erasePerson(site.db, 27, mobile, null)
    expect((await read(foreign, {}, 27)).erased).toEqual(theirs)
  })

  it('refuses, as the stream and the export do, a cursor that knows of more than a restored log does', async () => {
    const { site, append, read, erase } = await announcingApp()
    await append(1, [1])
    await erase()
    const { cursor } = await read(path)
    await site.db.pool.query('UPDATE owners SET last_erased = 0; UPDATE links SET last_erased = 0')
    const urls = [path, path.replace('feed', 'stream'), ...(path === ofLink ? ['/link/urls/1/visits/export'] : [])]
    for (const url of urls) expect([url, (await read(`${url}?cursor=${cursor}`)).status]).toEqual([url, 409])
  })
})

it('the feed of a link names no visit of another; that of the account names those of a deleted link too', async () => {
  const { site, append, read, erase } = await announcingApp()
  const [a = ''] = await append(1, [1])
  const [b = ''] = await append(2, [2])
  const [one, two, all] = [await read(ofLink), await read('/link/urls/2/visits/feed'), await read(ofAccount)]
  await erase()
  expect((await read(one.next)).erased).toEqual([a])
  expect((await read(two.next)).erased).toEqual([])
  await erasePerson(site.db, 26, other, null)
  expect((await read(two.next)).erased).toEqual([b])
  await site.app.inject({ method: 'DELETE', url: '/link/urls/1', headers: site.as(26) })
  expect((await read(all.next)).erased).toEqual([a, b])
})

it('the feed names, after an export, what was blanked since', async () => {
  const { site, append, read, erase } = await announcingApp()
  const [a = ''] = await append(1, [1])
  const end = async (query = '') => {
    const url = `/link/urls/1/visits/export${query}`
    return (await site.app.inject({ url, headers: site.as(26) })).trailers['x-next-cursor']
  }
  const first = await end()
  await erase()
  const cursors = [first, await end(`?cursor=${first}`), await end(`?after=${a}`), await end()]
  const told = await Promise.all(cursors.map(async (cursor) => (await read(`${ofLink}?cursor=${cursor}`)).erased))
  expect(told).toEqual([[a], [a], [a], []])
})

describe.each(['/link/urls/1/visits/stream', '/link/visits/stream'])('the stream %s', (path) => {
  it('has an event of what was blanked, and goes on after its id or tells it again', async () => {
    const { site, append, read, erase } = await announcingApp()
    await site.app.listen({ port: 0, host: '127.0.0.1' })
    const open = async (lastId: string | null) => {
      const stream = await openStream(site, path, { ...site.as(26), ...(lastId && { 'last-event-id': lastId }) })
      onTestFinished(() => stream.close())
      return stream.begun()
    }
    const [a = ''] = await append(1, [1])
    const live = await open(null)
    const [b = ''] = await append(1, [1])
    const visit = await live.next()
    expect(JSON.parse(visit?.data ?? '')).toMatchObject({ id: b, client_ip: '10.0.0.7' })
    await erase()
    const told = await live.next()
    expect([told?.event, told?.data]).toEqual(['erasure', JSON.stringify({ ids: [a, b] })])
    expect((await read(`${path.replace('stream', 'feed')}?cursor=${told?.id}`)).erased).toEqual([])
    expect(await (await open(visit?.id ?? '')).next()).toMatchObject({ event: 'erasure', data: told?.data })
    const [c = ''] = await append(1, [2])
    for (const stream of [live, await open(told?.id ?? ''), await open(told?.id ?? '')]) {
      const next = await stream.next()
      expect([next?.event, JSON.parse(next?.data ?? '').id]).toEqual(['visit', c])
    }
  })
})

it('no copy that heeds what it is told keeps the person, while visits arrive and the erasure goes on', async () => {
  const { site, append, read } = await announcingApp()
  await site.app.listen({ port: 0, host: '127.0.0.1' })
  await append(
    1,
    Array.from({ length: 60 }, (_, at) => 1 + (at % 2)),
  )
  const writer = new Writer(site.url)
  onTestFinished(() => writer.close())
  const batch = (_: unknown, at: number) =>
    [1, 2, 1].map((recipientId) => newVisit(1 + (at % 2), { recipientId, clientIp: '10.0.0.7' }))
  let isWritten = false
  let started = () => {}
  const running = new Promise<void>((resolve) => {
    started = resolve
  })
  const copies = feeds.map(() => new Map<string, string>())
  const heed = (copy: Map<string, string>, ids: string[]) => {
    for (const id of ids) if (copy.has(id)) copy.set(id, '')
  }
  let reading = feeds.length
  const followers = feeds.map(async (path, at) => {
    const copy = copies[at] ?? new Map()
    for (let url = `${path}?limit=7`, isFirst = true; ; isFirst = false) {
      const isLast = isWritten
      const { data, erased, next } = await read(url)
      for (const { id, client_ip } of data) copy.set(id, client_ip)
      heed(copy, erased)
      url = next
      if (isFirst && --reading === 0) started()
      if (isLast && data.length + erased.length === 0) return
    }
  })
  const stream = await openStream(site, '/link/visits/stream', site.as(26))
  onTestFinished(() => stream.close())
  const streamed = new Map<string, string>()
  const writing = writer.append(26, Array.from({ length: 60 }, batch))
  await running
  await Promise.all([erasePerson(site.db, 26, mobile, null, 3), writing])
  isWritten = true
  await Promise.all(followers)
  const { rows } = await site.db.pool.query<{ id: string; link: number; address: string; account_seq: string }>(
    `SELECT id, link_id::int AS link, coalesce(host(client_ip), '') AS address FROM visits WHERE user_id = 26 ORDER BY account_seq`,
  )
  expect(rows).toHaveLength(60 + 180)
  const truth = (path: string) => rows.filter(({ link }) => path === ofAccount || link === 1)
  for (const [at, path] of feeds.entries()) {
    expect([...(copies[at] ?? [])]).toEqual(truth(path).map(({ id, address }) => [id, address]))
  }
  const [marker = ''] = await append(1, [2])
  while (!streamed.has(marker)) {
    const event = await stream.next()
    const data = JSON.parse(event?.data ?? '')
    if (event?.event === 'erasure') heed(streamed, data.ids)
    else streamed.set(data.id, data.client_ip)
  }
  const left = rows.filter(({ id, address }) => streamed.has(id) && streamed.get(id) !== address)
  expect(left).toEqual([])
})

/** As the first servers made them: version, owner, link, position, and the first half of an HMAC. */
async function cursorOfVersion1(site: TestApp, path: string, position: number): Promise<string> {
  // Whoever needs the key first makes it.
  await cursorsOf(site.db)(0)
  const { rows } = await site.db.pool.query("SELECT value FROM server_keys WHERE name = 'cursor'")
  const body = Buffer.alloc(25)
  body.writeUInt8(1)
  for (const [at, number] of [26, path === ofLink ? 1 : 0, position].entries()) {
    body.writeBigUInt64BE(BigInt(number), 1 + 8 * at)
  }
  const mac = createHmac('sha256', rows[0].value).update(body).digest().subarray(0, 16)
  return Buffer.concat([body, mac]).toString('base64url')
}
