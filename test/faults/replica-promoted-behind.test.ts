import { expect, it } from 'vitest'
import { examineServer } from '../../src/database/environment.js'
import { openDatabase } from '../../src/database/open.js'
import { cableTo } from '../support/cable.js'
import { tokens } from './ledger.js'
import { eventually, openStream, replicaSite } from './replica-site.js'

const site = replicaSite()

interface Visits {
  data: { id: string; query_string: string }[]
  meta: { total: number; next_cursor: string }
}

it('serves a role that may not ask which cluster or timeline it is, and doctor warns of what is not noticed then', async () => {
  const { primary } = site()
  const functions = 'pg_control_system(), pg_walfile_name(pg_lsn)'
  const epoch = () => primary.ask('SELECT number, system, timeline::int FROM log_epochs WHERE ended_at IS NULL')
  const connectAnew = async () => {
    const db = openDatabase({ url: primary.url, connections: 1 })
    return examineServer(db).finally(() => db.close())
  }
  const known = await epoch()
  await primary.ask(`REVOKE EXECUTE ON FUNCTION ${functions} FROM PUBLIC`)
  await connectAnew()
  // What it knew it knows on.
  expect(await epoch()).toEqual(known)
  await primary.ask('TRUNCATE log_epochs')
  const { problems } = await connectAnew()
  expect(await epoch()).toEqual([{ number: 1, system: null, timeline: null }])
  const text =
    'it does not tell its timeline: run smart-link doctor --after-restore after each promotion of a replica, too'
  expect(problems).toContainEqual({ isFault: false, text })
  await primary.ask(`GRANT EXECUTE ON FUNCTION ${functions} TO PUBLIC`)
  expect((await connectAnew()).problems).not.toContainEqual({ isFault: false, text })
  expect(await epoch()).toEqual(known)
})

it('answers nothing of visits that a promoted replica never had, without a restart: pages, tags, feeds, statistics', async () => {
  const { primary, replica } = site()
  const cable = await cableTo(primary.url)
  const server = await site().server({ DATABASE_REPLICA_URLS: '' }, cable.url)
  const ask = async (path: string, headers = {}) => {
    const answer = await fetch(server.address + path, { headers: { ...server.headers, ...headers } })
    const text = await answer.text()
    return { status: answer.status, tag: answer.headers.get('etag') ?? '', body: text === '' ? null : JSON.parse(text) }
  }
  const click = async (name: string, count: number) => {
    for (let nth = 0; nth < count; nth++) {
      const answer = await fetch(`${server.address}/${tokens[0]}?${name}=${nth}`, { redirect: 'manual' })
      expect(answer.status).toBe(302)
    }
  }
  const names = (body: Visits) => body.data.map(({ query_string }) => query_string)

  await click('kept', 50)
  const [{ lsn } = { lsn: '' }] = await primary.ask<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn')
  const replayed = async () => {
    const [row] = await replica.ask<{ there: boolean }>(`SELECT pg_last_wal_replay_lsn() >= '${lsn}' AS there`)
    return row?.there
  }
  await eventually(replayed).toBe(true)
  await replica.ask(`ALTER SYSTEM SET primary_conninfo = ''`)
  await replica.ask('SELECT pg_reload_conf()')
  await eventually(async () => (await primary.ask('SELECT FROM pg_stat_replication')).length).toBe(0)

  const page = '/link/urls/20/visits'
  await click('lost', 10)
  const before = await ask(page)
  for (let nth = 0; nth < 3; nth++) await ask(page)
  expect((await ask(page, { 'if-none-match': before.tag })).status).toBe(304)
  expect(before.body.meta.total).toBe(60)
  const statistics = await ask(`${page}/stats`)
  expect(statistics.body.data.totals.visits).toBe(60)
  const feeds = [`${page}/feed`, '/link/visits/feed']
  const cursors = await Promise.all(feeds.map(async (feed) => (await ask(feed)).body.meta.next_cursor))
  const old = (await ask(`${page}/feed?limit=20`)).body.meta.next_cursor
  const stream = await openStream(server, `${page}/stream`)

  await primary.kill()
  cable.cut()
  await replica.ask('SELECT pg_promote()')
  cable.lead(replica.url)
  cable.mend()
  await eventually(async () => (await ask(page)).status).toBe(200)
  expect((await ask(page)).body.meta.total).toBe(50)
  expect((await ask(`${page}/stats`)).body.data.totals.visits).toBe(50)
  await click('new', 10)
  await eventually(async () => (await ask(page)).body.meta.total).toBe(60)

  const after = await ask(page, { 'if-none-match': before.tag })
  expect(after.status).toBe(200)
  expect(names(after.body).filter((name) => name.startsWith('lost'))).toEqual([])
  expect(names(after.body).filter((name) => name.startsWith('new'))).toHaveLength(10)
  const counted = await ask(`${page}/stats`, { 'if-none-match': statistics.tag })
  expect([counted.status, counted.body?.data.totals.visits]).toEqual([200, 60])
  for (const [nth, feed] of feeds.entries()) {
    const refused = await ask(`${feed}?cursor=${cursors[nth]}`)
    expect([refused.status, refused.body.data.position]).toEqual([409, 50])
    const on = await ask(`${feed}?cursor=${refused.body.data.next_cursor}`)
    expect(names(on.body)).toEqual(Array.from({ length: 10 }, (_, nth) => `new=${nth}`))
  }
  const on = await ask(`${page}/feed?cursor=${old}&limit=100`)
  expect([on.status, names(on.body).length, names(on.body).some((name) => name.startsWith('lost'))]).toEqual([
    200,
    40,
    false,
  ])
  expect(await stream.next().catch(() => null)).toBe(null)
})
