import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PoolClient } from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { logWay } from '../../src/capture/log-way.js'
import { openRecorder, type Recorder, type RecorderOptions } from '../../src/capture/recorder.js'
import { openSpool, type Spool, SpoolError } from '../../src/capture/spool.js'
import { RecordError } from '../../src/capture/waiting-click.js'
import type { Database } from '../../src/database/open.js'
import { serverLimits } from '../../src/database/session.js'
import { appendVisits } from '../../src/visits/append.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { emptiedDatabase, openPatiently } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'

const database = emptiedDatabase()

interface Place {
  db: Database
  /** While set, every attempt to reach the database fails with it. */
  outage: { error: Error | null }
  directory: string
  said: string[]
}

interface TestRecorder {
  recorder: Recorder
  spool: Spool
  close(): Promise<void>
}

/** A database with links 20 and 21 of owners 1 and 2, which can be taken away. @param lockMs for which a lock is waited for */
async function testPlace(lockMs?: number): Promise<Place> {
  const { db: usual, url } = await database()
  const real =
    lockMs === undefined ? usual : openPatiently({ url, connections: 4, limits: { ...serverLimits, lockMs } })
  if (real !== usual) onTestFinished(() => real.close())
  await storeLinks(real, 1, 20)
  await storeLinks(real, 2, 21)
  const directory = await mkdtemp(join(tmpdir(), 'smart-link-spool-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const outage: Place['outage'] = { error: null }
  const pool = new Proxy(real.pool, {
    get(target, key) {
      if (key !== 'connect' || outage.error === null) return Reflect.get(target, key, target)
      return () => Promise.reject(outage.error)
    },
  })
  const connectAside: Database['connectAside'] = async () => {
    if (outage.error !== null) throw outage.error
    return real.connectAside()
  }
  return { db: { ...real, pool, connectAside }, outage, directory, said: [] }
}

async function testRecorder(
  { db, directory, said }: Place,
  options: Partial<RecorderOptions> & { spoolBytes?: number } = {},
): Promise<TestRecorder> {
  const say = (_: object, message: string) => said.push(message)
  const log = { info: say, warn: say, error: say }
  const spool = await openSpool({ directory, maxBytes: options.spoolBytes ?? 2 ** 30, log })
  // Long, so that no visit goes to the spool because the machine is busy.
  const recorder = openRecorder({ way: logWay(db), spool, waitMs: 60_000, log, ...options })
  const close = async () => {
    await recorder.close()
    await spool.close()
  }
  onTestFinished(close)
  return { recorder, spool, close }
}

/** Makes appends of owner 1 wait until it is called. */
async function lockOwner(db: Database): Promise<() => Promise<void>> {
  const client: PoolClient = await db.pool.connect()
  let isLocked = true
  const unlock = async () => {
    if (!isLocked) return
    isLocked = false
    await client.query('ROLLBACK')
    client.release()
  }
  onTestFinished(unlock)
  await client.query('BEGIN; SELECT FROM owners WHERE id = 1 FOR UPDATE')
  return unlock
}

async function storedIds(db: Database): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>('SELECT id FROM visits ORDER BY user_id, link_id, seq')
  return rows.map(({ id }) => id)
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
const emptied = (spool: Spool) => expect.poll(() => spool.state().files).toBe(0)

it('has a visit in the log when it says that it is safe', async () => {
  const place = await testPlace()
  const { recorder } = await testRecorder(place)
  const visit = newVisit(20)
  await recorder.record(1, visit)
  expect(await storedIds(place.db)).toEqual([visit.id])
  expect(recorder.state()).toMatchObject({ waiting: 0, failure: null, totals: { committed: 1, spooled: 0 } })
})

it('commits the clicks of a moment together, in their order', async () => {
  const place = await testPlace()
  const { recorder } = await testRecorder(place, { batchSize: 100 })
  const visits = Array.from({ length: 250 }, () => newVisit(20))
  await Promise.all(visits.map((visit) => recorder.record(1, visit)))
  expect(await storedIds(place.db)).toEqual(visits.map(({ id }) => id))
  // 100, 100 and 50: at most 128, 128 and 64.
  expect(recorder.state().commitSizes.counts).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0])
})

it('lets one owner’s clicks go on while another’s wait', async () => {
  const place = await testPlace()
  const { recorder } = await testRecorder(place)
  const unlock = await lockOwner(place.db)
  const held = recorder.record(1, newVisit(20))
  await recorder.record(2, newVisit(21))
  expect(recorder.state().waiting).toBe(1)
  await unlock()
  await held
})

it('stores a visit once that came twice', async () => {
  const place = await testPlace()
  const { recorder } = await testRecorder(place)
  const visit = newVisit(20)
  await Promise.all([recorder.record(1, visit), recorder.record(1, visit)])
  await recorder.record(1, visit)
  expect(await storedIds(place.db)).toEqual([visit.id])
})

it('refuses the one visit that the database refuses, and stores the others of its batch', async () => {
  const place = await testPlace()
  const { recorder } = await testRecorder(place)
  const bad = newVisit(20, { queryString: 'half a \ud800 pair' })
  const good = Array.from({ length: 9 }, () => newVisit(20))
  const answers = [...good.slice(0, 4), bad, ...good.slice(4)].map((visit) => recorder.record(1, visit))
  const results = await Promise.allSettled(answers)
  expect(results.map(({ status }) => status).indexOf('rejected')).toBe(4)
  await expect(answers[4]).rejects.toBeInstanceOf(RecordError)
  expect(await storedIds(place.db)).toEqual(good.map(({ id }) => id))
  expect(recorder.state().totals).toEqual({ committed: 9, spooled: 0, orphaned: 0, refused: 1 })
})

it('drops a visit whose link is gone, and says so', async () => {
  const place = await testPlace()
  const { recorder } = await testRecorder(place)
  const visit = newVisit(20)
  await Promise.all([recorder.record(1, newVisit(404)), recorder.record(1, visit)])
  expect(await storedIds(place.db)).toEqual([visit.id])
  expect(recorder.state().totals.orphaned).toBe(1)
  expect(place.said).toEqual(['visits of links that are gone were dropped'])
})

it('spools visits while the database is away, and stores each once and in order when it is back', async () => {
  const place = await testPlace()
  const { recorder, spool } = await testRecorder(place)
  place.outage.error = refused
  const visits = Array.from({ length: 30 }, () => newVisit(20))
  for (const visit of visits) await recorder.record(1, visit)
  expect(recorder.state()).toMatchObject({ failure: 'connect ECONNREFUSED', totals: { committed: 0, spooled: 30 } })
  place.outage.error = null
  await emptied(spool)
  expect(await storedIds(place.db)).toEqual(visits.map(({ id }) => id))
  expect(place.said).toEqual([
    'visits cannot be committed: they go to the spool',
    'the database answers again',
    'visits of the spool are committed',
  ])
})

it('stores after a restart what was spooled before', async () => {
  const place = await testPlace()
  const before = await testRecorder(place)
  place.outage.error = refused
  const visit = newVisit(20)
  await before.recorder.record(1, visit)
  await before.close()
  place.outage.error = null
  const { spool } = await testRecorder(place)
  await emptied(spool)
  expect(await storedIds(place.db)).toEqual([visit.id])
})

it('stores what another server on the folder left in its spool when it died', async () => {
  const place = await testPlace()
  const { spool } = await testRecorder(place)
  const other = await openSpool({ directory: place.directory, maxBytes: 2 ** 30, log: silent })
  const visit = newVisit(20)
  await other.append(1, visit)
  await spool.tick()
  expect(spool.state().files).toBe(0)
  await other.close()
  await spool.tick()
  await emptied(spool)
  expect(await storedIds(place.db)).toEqual([visit.id])
})

it('stores what is in the spool around visits of another version, which it keeps in a .bad file', async () => {
  const place = await testPlace()
  const before = await openSpool({ directory: place.directory, maxBytes: 2 ** 30, log: silent })
  const [first, last] = [newVisit(20), newVisit(20)]
  const { isBot, userAgent, ...older } = newVisit(20)
  const others = [
    { ...older, isBot },
    { ...older, userAgent, isBot: null },
    { ...older, userAgent, isBot, isSuspected: true },
    { ...older, isBot, userAgent: { ...userAgent, touchPoints: 5 } },
    { ...older, userAgent, isBot, linkId: '20' },
    { ...older, userAgent, isBot, createdAt: 'yesterday' },
    {},
    null,
  ] as unknown as NewVisit[]
  for (const visit of [first, ...others, last]) await before.append(1, visit)
  await before.close()
  const { spool, recorder } = await testRecorder(place)
  await emptied(spool)
  expect(await storedIds(place.db)).toEqual([first.id, last.id])
  expect([recorder.state().failure, recorder.state().totals.refused]).toEqual([null, 0])
  expect(place.said).toContain('visits of another version are in the spool: see the .bad file')
  const [bad = ''] = (await readdir(place.directory)).filter((name) => name.endsWith('.bad'))
  const kept = (await readFile(join(place.directory, bad), 'utf8')).trimEnd().split('\n')
  expect(kept.map((line) => JSON.parse(line.replace(/^\S+ \d+ /, '')).visit)).toEqual(
    JSON.parse(JSON.stringify(others)),
  )
})

it('lets a visit wait no longer than told, and stores it once when its commit comes late', async () => {
  const place = await testPlace()
  const { recorder, spool } = await testRecorder(place, { waitMs: 20 })
  const unlock = await lockOwner(place.db)
  const visits = [newVisit(20), newVisit(20), newVisit(20)]
  await Promise.all(visits.map((visit) => recorder.record(1, visit)))
  // The commit is stuck: this one does not even wait.
  const late = newVisit(20)
  await recorder.record(1, late)
  expect(recorder.state().totals).toMatchObject({ committed: 0, spooled: 4 })
  expect(place.said).toEqual(['the database does not keep up: visits go to the spool'])
  await unlock()
  await emptied(spool)
  expect((await storedIds(place.db)).sort()).toEqual([...visits, late].map(({ id }) => id).sort())
})

it('sends to the spool what is beyond the size of the queue', async () => {
  const place = await testPlace()
  const { recorder, spool } = await testRecorder(place, { queueSize: 5 })
  const unlock = await lockOwner(place.db)
  const visits = Array.from({ length: 8 }, () => newVisit(20))
  const answers = visits.map((visit) => recorder.record(1, visit))
  await Promise.all(answers.slice(5))
  expect(recorder.state()).toMatchObject({ waiting: 5, totals: { spooled: 3 } })
  await unlock()
  await Promise.all(answers)
  await emptied(spool)
  expect((await storedIds(place.db)).sort()).toEqual(visits.map(({ id }) => id).sort())
})

it('keeps waiting for a slow database when the spool is full', async () => {
  const place = await testPlace()
  const { recorder, spool } = await testRecorder(place, { waitMs: 20, spoolBytes: 0 })
  const unlock = await lockOwner(place.db)
  const visit = newVisit(20)
  const answer = recorder.record(1, visit)
  await expect.poll(() => spool.state().problem).toBe('the spool is full: SPOOL_MAX_BYTES is 0')
  await unlock()
  await answer
  expect(await storedIds(place.db)).toEqual([visit.id])
})

it('fails clearly when neither the database nor the spool takes visits, and recovers by itself', async () => {
  const place = await testPlace()
  const { recorder } = await testRecorder(place, { spoolBytes: 0 })
  place.outage.error = refused
  const failed = recorder.record(1, newVisit(20))
  await expect(failed).rejects.toThrow(new RecordError('the visit can be neither committed nor spooled'))
  place.outage.error = null
  await expect.poll(() => recorder.state().failure).toBeNull()
  await recorder.record(1, newVisit(20))
})

it('keeps visits in the spool when the database refuses all of them for reasons of its own', async () => {
  const place = await testPlace()
  const { recorder, spool } = await testRecorder(place)
  place.outage.error = Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' })
  const visits = [newVisit(20), newVisit(20)]
  for (const visit of visits) await recorder.record(1, visit)
  expect(spool.state().files).toBeGreaterThan(0)
  place.outage.error = null
  await emptied(spool)
  expect((await storedIds(place.db)).sort()).toEqual(visits.map(({ id }) => id).sort())
})

it('sets aside what the database refuses in the spool, and stores what follows', async () => {
  const place = await testPlace()
  const { recorder, spool } = await testRecorder(place)
  place.outage.error = refused
  const [bad, good] = [newVisit(20, { queryString: 'half a \ud800 pair' }), newVisit(20)]
  for (const visit of [bad, good]) await recorder.record(1, visit)
  place.outage.error = null
  await emptied(spool)
  expect(await storedIds(place.db)).toEqual([good.id])
  expect(place.said).toContain('visits of the spool were refused: see the .bad file')
})

it('fails clearly when the link is used up and the spool does not take the visit, whichever is known first', async () => {
  const place = await testPlace()
  await place.db.pool.query('UPDATE links SET max_visits = 1 WHERE user_id = 1')
  await appendVisits(place.db, 1, [newVisit(20)])
  const { recorder, spool, close } = await testRecorder(place, { waitMs: 20 })
  const neither = new RecordError('the visit can be neither committed nor spooled')
  for (const isSpoolFirst of [true, false]) {
    const unlock = await lockOwner(place.db)
    let fail = () => {}
    const append = vi.spyOn(spool, 'append').mockImplementation(() => {
      return new Promise((_, reject) => {
        fail = () => reject(new SpoolError('the spool is broken'))
      })
    })
    const before = recorder.state().commitSizes.sum
    const failed = expect(recorder.record(1, newVisit(20))).rejects.toThrow(neither)
    await expect.poll(() => append.mock.calls.length).toBeGreaterThan(0)
    if (isSpoolFirst) fail()
    await unlock()
    await expect.poll(() => recorder.state().commitSizes.sum).toBeGreaterThan(before)
    if (!isSpoolFirst) fail()
    await failed
    append.mockRestore()
  }
  await close()
  expect(recorder.state().waiting).toBe(0)
})

it('closes when every visit it took is safe, even if the database never answers', async () => {
  const place = await testPlace()
  const { recorder, close } = await testRecorder(place, { waitMs: 20 })
  const unlock = await lockOwner(place.db)
  const answer = recorder.record(1, newVisit(20))
  await close()
  await answer
  expect(recorder.state()).toMatchObject({ waiting: 0, totals: { spooled: 1 } })
  await expect(recorder.record(1, newVisit(20))).rejects.toBeInstanceOf(RecordError)
  await unlock()
})

it('lets clicks and spooled visits of others go on beside an owner whose lock is not to be had, and then stores its own', async () => {
  const place = await testPlace(100)
  const before = await openSpool({ directory: place.directory, maxBytes: 2 ** 30, log: silent })
  const spooled = Array.from({ length: 20 }, (_, nth) => newVisit(20 + (nth % 2)))
  for (const [nth, visit] of spooled.entries()) await before.append(1 + (nth % 2), visit)
  await before.close()
  const unlock = await lockOwner(place.db)
  const { recorder, spool } = await testRecorder(place, { waitMs: 20 })
  const ids = (visits: NewVisit[], linkId: number) => visits.filter((one) => one.linkId === linkId).map(({ id }) => id)
  await expect.poll(() => storedIds(place.db)).toEqual(ids(spooled, 21))
  const own: NewVisit[] = []
  const others: NewVisit[] = []
  for (let round = 0; round < 10; round += 1) {
    const visits = [newVisit(20), newVisit(21)] as const
    own.push(visits[0])
    others.push(visits[1])
    await Promise.all(visits.map((visit, nth) => recorder.record(1 + nth, visit)))
    await expect.poll(() => storedIds(place.db)).toEqual([...ids(spooled, 21), ...ids(others, 21)])
  }
  expect(recorder.state().failure).toBeNull()
  const stuck = 'visits of an owner cannot be committed for now: they go to the spool'
  expect(place.said.filter((line) => line === stuck)).toHaveLength(1)
  await unlock()
  await emptied(spool)
  expect((await storedIds(place.db)).sort()).toEqual([...spooled, ...own, ...others].map(({ id }) => id).sort())
  expect((await storedIds(place.db)).slice(0, 10)).toEqual(ids(spooled, 20))
})

describe('a click of a link with a limit', () => {
  const waitMs = 20
  const limit = ({ pool }: Database) => pool.query('UPDATE links SET max_visits = 1 WHERE user_id = 1')

  it('waits for a slow database, which says whether it still counts, while others go to the spool', async () => {
    const place = await testPlace()
    await limit(place.db)
    const { recorder } = await testRecorder(place, { waitMs })
    const unlock = await lockOwner(place.db)
    const limited = [newVisit(20), newVisit(20), newVisit(20)]
    const answers = limited.map((visit) => recorder.record(1, visit, true))
    await recorder.record(1, newVisit(404))
    // Handed over while the commit is late.
    answers.push(recorder.record(1, newVisit(20), true))
    expect(recorder.state()).toMatchObject({ waiting: 4, totals: { spooled: 1 } })
    await unlock()
    expect(await Promise.all(answers)).toEqual([true, false, false, false])
    expect(await storedIds(place.db)).toEqual([limited[0]?.id])
    expect(recorder.state().totals.spooled).toBe(1)
  })

  it('goes to the spool while the database is away, and counts', async () => {
    const place = await testPlace()
    await limit(place.db)
    const { recorder, spool } = await testRecorder(place, { waitMs })
    place.outage.error = refused
    const visits = [newVisit(20), newVisit(20)]
    for (const visit of visits) expect(await recorder.record(1, visit, true)).toBe(true)
    place.outage.error = null
    await emptied(spool)
    expect((await storedIds(place.db)).sort()).toEqual(visits.map(({ id }) => id).sort())
  })

  it('goes to the spool when the database turns out to be away while it waits', async () => {
    const place = await testPlace()
    const { recorder } = await testRecorder(place, { waitMs })
    const unlock = await lockOwner(place.db)
    const answer = recorder.record(1, newVisit(20), true)
    await expect.poll(() => recorder.state().waiting).toBe(1)
    place.outage.error = refused
    expect(await answer).toBe(true)
    expect(recorder.state().totals.spooled).toBe(1)
    place.outage.error = null
    await unlock()
  })

  it('is refused when the lock of its owner is not to be had', async () => {
    const place = await testPlace(100)
    const { recorder } = await testRecorder(place, { waitMs })
    const unlock = await lockOwner(place.db)
    await expect(recorder.record(1, newVisit(20), true)).rejects.toBeInstanceOf(RecordError)
    expect(recorder.state().totals.spooled).toBe(0)
    await unlock()
    await expect.poll(() => recorder.record(1, newVisit(20), true).catch(() => false)).toBe(true)
  })
})
