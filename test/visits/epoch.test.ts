import { afterAll, beforeAll, expect, it } from 'vitest'
import { renewEpoch } from '../../src/database/log-epoch.js'
import { inTransaction } from '../../src/database/transaction.js'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { runInProcess } from '../support/command-line.js'
import { openStream } from '../support/event-stream.js'
import { newOwner } from '../support/owners.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

const size = 64
let site: TestApp
beforeAll(async () => {
  site = await openApp({ digests: { size } })
  await site.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => site.close())

/** Link 21 of a new owner, and a backup that can be brought back under a running server. */
async function restorable() {
  const owner = newOwner()
  const { db, app, as } = site
  await storeLinks(db, owner, 21)
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({ url, headers: { ...as(owner), ...headers } })
    const body = answer.body === '' ? null : JSON.parse(answer.body.split('\n')[0] ?? '')
    return { status: answer.statusCode, tag: String(answer.headers.etag), headers: answer.headers, body }
  }
  const append = async (count: number, given: Parameters<typeof newVisit>[1] = {}) => {
    const visits = Array.from({ length: count }, () => newVisit(21, given))
    await appendVisits(db, owner, visits)
    return visits.map(({ id }) => id)
  }
  /** Takes the visits after a number away, and their numbers back, as a backup that had been made before them. */
  const restore = async (kept: number, told: 'by doctor' | 'at once' | 'not at all' = 'by doctor') => {
    await inTransaction(db, async (client) => {
      await client.query(`ALTER TABLE visits DISABLE TRIGGER USER;
        DELETE FROM visits WHERE user_id = ${owner} AND seq > ${kept};
        UPDATE links SET (visits, human_visits) = (
          SELECT count(*), count(human_seq) FROM visits v WHERE v.user_id = ${owner}
        ) WHERE user_id = ${owner};
        UPDATE owners SET last_account_seq = ${kept} WHERE id = ${owner};
        ALTER TABLE visits ENABLE TRIGGER USER`)
      if (told === 'at once') await renewEpoch(client)
    })
    if (told !== 'by doctor') return
    const { stdout } = await runInProcess(db, ['doctor', '--after-restore'], { env: { JWT_SECRET: 'x'.repeat(32) } })
    expect(stdout).toContain('ok   restore: what was made of the database as it was before is not valid any more\n')
  }
  return { owner, db, get, append, restore }
}

const idsOf = (body: { data: { id: string }[] } | null) => body?.data.map(({ id }) => id)

it.each(['', '?bots=exclude', '?page=2&per_page=2', '?filter[browser]=Chrome', '?sort=created_at'])(
  'a page (%s) that was answered before a restore is neither 304 nor answered from memory after it, whatever numbers are given again',
  async (query) => {
    const { get, append, restore } = await restorable()
    const url = `/link/urls/21/visits${query}`
    await append(3)
    await append(3)
    for (let nth = 0; nth < 4; nth++) await get(url)
    const before = await get(url)
    expect((await get(url, { 'if-none-match': before.tag })).status).toBe(304)
    await restore(3)
    const after = await append(3)
    const answer = await get(url, { 'if-none-match': before.tag })
    expect(answer.status).toBe(200)
    expect(answer.body.meta.total).toBe(before.body.meta.total)
    const gone = (idsOf(before.body) ?? []).filter((id) => idsOf(answer.body)?.includes(id))
    const kept = query.includes('page=2') ? 1 : 3
    expect([gone.length, after.some((id) => idsOf(answer.body)?.includes(id))]).toEqual([kept, true])
  },
)

it('a total that was counted under filters before a restore is counted anew', async () => {
  const { get, append, restore } = await restorable()
  const url = '/link/urls/21/visits?filter[client_ip]=10.0.0.1'
  await append(2, { clientIp: '10.0.0.1' })
  await append(3, { clientIp: '10.0.0.1' })
  expect((await get(url)).body.meta.total).toBe(5)
  await restore(2)
  await append(3, { clientIp: '10.0.0.2' })
  expect((await get(url)).body.meta.total).toBe(2)
})

it.each(['/link/urls/21/visits/stats', '/link/visits/stats'])(
  'statistics (%s) of before a restore are neither answered nor stored after it',
  async (path) => {
    const { get, append, restore, db, owner } = await restorable()
    const url = `${path}?group_by=browser&filter[client_ip]=10.0.0.2`
    await append(60)
    const before = await get(url)
    // The server has read these, and the block that they begin is not whole yet.
    await append(2, { clientIp: '10.0.0.2' })
    const seen = await get(url)
    expect(seen.body.data.totals.visits).toBe(2)
    await restore(60)
    expect((await get(url)).body).toEqual(before.body)
    await append(2)
    expect((await get(url, { 'if-none-match': seen.tag })).body?.data.totals.visits).toBe(0)
    await append(10)
    expect((await get(url)).body.data.totals.visits).toBe(0)
    const { rows } = await db.pool.query(
      'SELECT count(*)::int FROM visit_blocks WHERE user_id = $1 AND summary::text LIKE $2',
      [owner, '%Chrome%'],
    )
    expect(rows).toEqual([{ count: 1 }])
    const { stdout } = await runInProcess(db, ['doctor'], { env: { JWT_SECRET: 'x'.repeat(32) } })
    expect(stdout.split('\n').filter((line) => / blocks /.test(line) && line.includes(`owner ${owner}`))).toEqual([])
  },
)

it('blocks that a server has made of visits which a restore has taken are not stored, and those in the database are removed', async () => {
  const { get, append, restore, db, owner } = await restorable()
  await append(130)
  await get('/link/urls/21/visits/stats')
  const count = async () =>
    (await db.pool.query('SELECT count(*)::int FROM visit_blocks WHERE user_id = $1', [owner])).rows[0].count
  expect(await count()).toBe(2)
  await restore(100)
  expect(await count()).toBe(0)
  await append(30, { isBot: true })
  expect((await get('/link/urls/21/visits/stats')).body.data.totals).toMatchObject({ visits: 130, people: 100 })
  expect(await count()).toBe(2)
})

it.each(['/link/urls/21/visits', '/link/visits'])(
  'a cursor of %s that has seen what a restore has taken is refused with one that goes on where the log was cut',
  async (path) => {
    const { get, append, restore } = await restorable()
    const kept = await append(3)
    const end = (await get(`${path}/feed`)).body.meta.next_cursor
    const part = (await get(`${path}/feed?limit=2`)).body.meta.next_cursor
    await append(3)
    const ahead = (await get(`${path}/feed`)).body.meta.next_cursor
    const full = await get(`${path}/feed?limit=6`)
    await restore(3)
    const urls = [`${path}/feed`, `${path}/stream`, ...(path === '/link/visits' ? [] : [`${path}/export`])]
    for (const size of [0, 3]) {
      const added = await append(size)
      for (const url of urls) {
        const refused = await get(`${url}?cursor=${ahead}`)
        expect(refused).toMatchObject({
          status: 409,
          body: {
            message: 'The log has lost visits that this cursor has seen. Go on from data.next_cursor.',
            data: { next_cursor: expect.any(String), position: 3 },
          },
        })
        const on = await get(`${path}/feed?cursor=${refused.body.data.next_cursor}`)
        expect(idsOf(on.body)).toEqual(added)
      }
      // Of what is there still they have seen nothing else.
      expect(idsOf((await get(`${path}/feed?cursor=${end}`)).body)).toEqual(added)
      expect(idsOf((await get(`${path}/feed?cursor=${part}`)).body)).toEqual([...kept.slice(2), ...added])
    }
    expect((await get(`${path}/feed?limit=6`, { 'if-none-match': full.tag })).status).toBe(200)
  },
)

it('a cursor goes on after several restores where the earliest of them has cut the log', async () => {
  const { get, append, restore } = await restorable()
  const feed = '/link/urls/21/visits/feed'
  await append(6)
  const first = (await get(feed)).body.meta.next_cursor
  await restore(2)
  const second = await append(3)
  const later = (await get(feed)).body.meta.next_cursor
  await restore(4)
  const third = await append(2)
  const positions = [(await get(`${feed}?cursor=${first}`)).body.data, (await get(`${feed}?cursor=${later}`)).body.data]
  expect(positions.map(({ position }) => position)).toEqual([2, 4])
  const left = [...second.slice(0, 2), ...third]
  expect(idsOf((await get(`${feed}?cursor=${positions[0].next_cursor}`)).body)).toEqual(left)
  expect(idsOf((await get(`${feed}?cursor=${positions[1].next_cursor}`)).body)).toEqual(third)
})

it('a cursor of an epoch that the database knows nothing of, or that is ahead of a log whose restore nobody told of, begins anew', async () => {
  const { db, owner, get, append, restore } = await restorable()
  const feed = '/link/urls/21/visits/feed'
  const kept = await append(2)
  await append(1)
  const cursor = (await get(feed)).body.meta.next_cursor
  await restore(2, 'not at all')
  const told = await get(`${feed}?cursor=${cursor}`)
  expect([told.status, told.body.data.position]).toEqual([409, 0])
  expect(idsOf((await get(`${feed}?cursor=${told.body.data.next_cursor}`)).body)).toEqual(kept)
  await append(1)
  await db.pool.query('UPDATE log_epochs SET id = id + 1 WHERE ended_at IS NULL')
  const unknown = await get(`${feed}?cursor=${cursor}`)
  expect([unknown.status, unknown.body.data.position, owner > 0]).toEqual([409, 0, true])
})

it('an erasure that a restore has taken back is told again when it is done again', async () => {
  const { db, owner, get, append, restore } = await restorable()
  const feed = '/link/urls/21/visits/feed'
  await storeRecipients(db, owner, 21, ['447700900123'])
  const [id] = await append(1, { recipientId: 1 })
  const erase = async () => {
    const payload = { mobile: '447700900123' }
    const headers = site.as(owner, 'recipients:erase')
    const answer = await site.app.inject({ method: 'POST', url: '/recipients/erase', headers, payload })
    expect(answer.statusCode).toBe(200)
  }
  const backup = await db.pool.query(
    'SELECT token, message_id, mobile, mobile_key FROM recipients WHERE user_id = $1',
    [owner],
  )
  await erase()
  const seen = (await get(feed)).body.meta
  await db.pool.query(`DELETE FROM erased_visits WHERE user_id = ${owner}`)
  await db.pool.query(`DELETE FROM erasures WHERE user_id = ${owner}`)
  await db.pool.query(`UPDATE owners SET last_erased = 0 WHERE id = ${owner}`)
  await db.pool.query(`UPDATE links SET last_erased = 0 WHERE user_id = ${owner}`)
  const { token, message_id, mobile, mobile_key } = backup.rows[0]
  await db.pool.query(
    `UPDATE recipients SET (token, message_id, mobile, mobile_key, erasure_id) = ($2, $3, $4, $5, NULL) WHERE user_id = $1`,
    [owner, token, message_id, mobile, mobile_key],
  )
  await restore(1)
  await erase()
  expect((await get(`${feed}?cursor=${seen.next_cursor}`)).body.meta.erased).toEqual([id])
})

it('a stream that is open when the database is restored ends, and its last id says where to go on', async () => {
  const { owner, get, append, restore } = await restorable()
  await append(2)
  const stream = await openStream(site, '/link/urls/21/visits/stream', site.as(owner))
  await append(1)
  await stream.next()
  await restore(2)
  const added = await append(1)
  expect(await stream.next()).toBe(null)
  const refused = await get('/link/urls/21/visits/stream', { 'last-event-id': stream.lastId })
  expect([refused.status, refused.body.data.position]).toEqual([409, 2])
  const on = await openStream(site, '/link/urls/21/visits/stream', {
    ...site.as(owner),
    'last-event-id': refused.body.data.next_cursor,
  })
  expect(JSON.parse((await on.next())?.data ?? '').id).toBe(added[0])
  on.close()
})

it('a feed that waits when the database is restored is told so', async () => {
  const { get, append, restore } = await restorable()
  await append(2)
  const cursor = (await get('/link/urls/21/visits/feed')).body.meta.next_cursor
  const held = get(`/link/urls/21/visits/feed?wait=60&cursor=${cursor}`)
  await restore(1, 'at once')
  expect([(await held).status, (await held).body.data.position]).toEqual([409, 1])
})
