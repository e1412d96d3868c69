import { expect, it } from 'vitest'
import { Reader } from '../support/visit-readers.js'
import { storedLog } from './ledger.js'
import { eventually, openStream, type ReplicaServer, replicaSite } from './replica-site.js'
import { replicaPauses } from './rounds.js'

const site = replicaSite()

const pause = () => site().replica.ask('SELECT pg_wal_replay_pause()')
/** Replay that goes on may cancel the very statement that lets it: then it does go on. */
const resume = () =>
  site()
    .replica.ask('SELECT pg_wal_replay_resume()')
    .catch((error: Error) => {
      if (!error.message.includes('conflict with recovery')) throw error
    })
const ids = (rows: { id: string }[]) => rows.map(({ id }) => id)

interface Paged {
  data: { id: string }[]
  meta: { total: number; next_cursor: string }
}

/** Ids of a stream of events until it has `total()` visits. */
async function followStream(server: ReplicaServer, over: AbortSignal, total: () => number): Promise<string[]> {
  // From the first visit on: a cursor of the start.
  const { meta } = await server.get<Paged>('/link/visits/feed?limit=1&since=2000-01-01')
  const stream = await openStream(server, `/link/visits/stream?cursor=${meta.next_cursor}`)
  const received: string[] = ids((await server.get<Paged>('/link/visits/feed?limit=1&since=2000-01-01')).data)
  const hasAll = () => over.aborted && received.length >= total()
  over.addEventListener('abort', () => hasAll() && stream.close())
  while (!hasAll()) {
    const event = await stream.next().catch((error: unknown) => {
      if (hasAll()) return null
      throw error
    })
    if (event !== null) received.push(JSON.parse(event.data).id)
    else if (!hasAll()) throw new Error('the stream ended')
  }
  stream.close()
  return received
}

it('gives every reader every visit once while replay stands still and goes on', { timeout: 600_000 }, async () => {
  const { primary, click } = site()
  const server = await site().server({ REPLICA_MAX_LAG_MS: '600000' })
  await eventually(server.isReplicaUsable).toBe(true)
  const clicks = click(server)
  await eventually(() => clicks.answered.size).toBeGreaterThan(200)
  const writing = new AbortController()
  let log: { id: string; link: number }[] = []
  const reader = () => new Reader(server.address, server.headers)
  const reading = Promise.all([
    reader().poll('/link/visits/feed', 7, writing.signal),
    reader().wait('/link/visits/feed', 1000, writing.signal, () => log.length),
    reader().poll('/link/urls/20/visits/feed', 25, writing.signal),
    reader().walk('/link/urls/21/visits?as_of=now', 15, writing.signal),
    reader().walk('/link/urls/21/visits?as_of=now&filter[browser]=-Nothing', 50, writing.signal),
    followStream(server, writing.signal, () => log.length),
  ])
  for (const _ of replicaPauses) {
    await pause()
    const [{ answered }, before] = [clicks, await server.reads()]
    const size = answered.size
    await eventually(() => answered.size).toBeGreaterThan(size + 200)
    await eventually(async () => (await server.reads()).behind).toBeGreaterThan(before.behind + 20)
    await resume()
    await eventually(async () => (await server.reads()).answered).toBeGreaterThan(before.answered + 20)
  }
  await clicks.stop()
  log = await storedLog(primary.url, 1)
  writing.abort()
  const [polled, waited, ofLink, walks, filtered, streamed] = await reading
  const ofLinks = (link: number) => ids(log.filter((row) => row.link === link))
  expect(polled).toEqual(ids(log))
  expect(waited).toEqual(ids(log))
  expect(streamed).toEqual(ids(log))
  expect(ofLink).toEqual(ofLinks(20))
  for (const { asOf, totals, ids: walked } of [...walks, ...filtered]) {
    expect(totals).toEqual(totals.map(() => asOf))
    expect(walked).toEqual(ofLinks(21).slice(0, asOf).reverse())
  }
  expect(clicks.broken).toBe(0)
  expect([...clicks.refused]).toEqual([])
})

it('shows everything that was recorded before a request, in every kind of answer, while replay stands still', async () => {
  const { primary, click } = site()
  const server = await site().server({ REPLICA_MAX_LAG_MS: '600000' })
  await eventually(server.isReplicaUsable).toBe(true)
  const clicks = click(server)
  await eventually(() => clicks.answered.size).toBeGreaterThan(100)
  await pause()
  const size = clicks.answered.size
  await eventually(() => clicks.answered.size).toBeGreaterThan(size + 50)
  await clicks.stop()
  const log = await storedLog(primary.url, 1)
  const ofLink = ids(log.filter(({ link }) => link === 20))
  const total = ofLink.length

  const newest = ofLink.slice(-15).reverse()
  for (const query of ['?page=1', '?page=1&sort=-created_at', '?page=1&filter[platform]=Android']) {
    const list = await server.get<Paged>(`/link/urls/20/visits${query}`)
    expect(list.meta.total).toBe(total)
    if (!query.includes('sort')) expect(ids(list.data)).toEqual(newest)
  }
  const frozen = await server.get<Paged>(`/link/urls/20/visits?as_of=${total}&per_page=15`)
  expect(ids(frozen.data)).toEqual(newest)
  const { data: counted } = await server.get<{ data: { totals: { visits: number } } }>('/link/urls/20/visits/stats')
  expect(counted.totals.visits).toBe(total)
  const file = await fetch(`${server.address}/link/urls/20/visits/export`, { headers: server.headers })
  const rows = (await file.text()).trim().split('\n')
  expect(rows.map((row) => JSON.parse(row).id)).toEqual(ofLink)

  // A link that the replica has not heard of, and one that it does not know to be deleted.
  await primary.ask(`INSERT INTO links (user_id, id, long_url) VALUES (1, 900, 'https://example.com/')`)
  expect((await server.get<Paged>('/link/urls/900/visits')).meta.total).toBe(0)
  const gone = await fetch(`${server.address}/link/urls/22`, { method: 'DELETE', headers: server.headers })
  expect(gone.status).toBe(200)
  const missing = await fetch(`${server.address}/link/urls/22/visits`, { headers: server.headers })
  expect(missing.status).toBe(404)
  const left = await server.get<Paged>('/link/visits/feed?limit=1000')
  expect(left.data.filter((visit) => 'link_id' in visit && visit.link_id === '22')).toEqual([])
  await resume()
})

it('leaves a replica alone that is too far behind, says so once, and comes back', async () => {
  const { click } = site()
  const server = await site().server({ REPLICA_MAX_LAG_MS: '1500' })
  await eventually(server.isReplicaUsable).toBe(true)
  const clicks = click(server)
  await pause()
  await eventually(server.isReplicaUsable).toBe(false)
  const before = await server.reads()
  await server.get('/link/urls/20/visits?page=2')
  expect(await server.reads()).toEqual(before)
  await clicks.stop()
  await resume()
  await eventually(server.isReplicaUsable).toBe(true)
  const lines = server.log.filter((line) => line.includes('it is more than 1500 ms behind'))
  expect(lines).toHaveLength(1)
})
