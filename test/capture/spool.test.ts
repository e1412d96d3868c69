import { mkdtemp, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openSpool, type Spool, SpoolError, type SpoolOptions } from '../../src/capture/spool.js'
import { stopClock } from '../support/clock.js'
import { newVisit } from '../support/visits.js'

async function testDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'smart-link-spool-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

interface TestSpool {
  spool: Spool
  directory: string
  said: string[]
}

async function testSpool(options: Partial<SpoolOptions> = {}): Promise<TestSpool> {
  const directory = options.directory ?? (await testDirectory())
  const said: string[] = []
  const say = (_: object, message: string) => said.push(message)
  const log = { info: say, warn: say, error: say }
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, log, ...options })
  onTestFinished(() => spool.close())
  return { spool, directory, said }
}

const visitsOf = async (spool: Spool) => (await spool.next())?.visits.map(({ visit }) => visit.id)

async function drain(spool: Spool): Promise<string[]> {
  const ids: string[] = []
  for (let batch = await spool.next(); batch; batch = await spool.next()) {
    ids.push(...batch.visits.map(({ visit }) => visit.id))
    await batch.done([])
  }
  return ids
}

/** Paths of the files that end so, in the order of their names. */
async function files(directory: string, suffix: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true })
  return names
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(directory, name))
}

async function fileIn(directory: string, suffix = '.spool'): Promise<string> {
  const [path] = await files(directory, suffix)
  if (path === undefined) throw new Error(`no file ${suffix}`)
  return path
}

it('has visits on disk when it says so, and gives them back in order', async () => {
  const { spool, directory } = await testSpool()
  const visits = Array.from({ length: 100 }, () => newVisit(20))
  await Promise.all(visits.map((visit) => spool.append(3, visit)))
  const written = await readFile(await fileIn(directory), 'utf8')
  for (const { id } of visits) expect(written).toContain(id)
  expect((await spool.next())?.visits).toEqual(visits.map((visit) => ({ ownerId: 3, visit })))
})

it('removes files only when told that their visits are stored', async () => {
  const { spool, directory } = await testSpool()
  const visit = newVisit(20)
  await spool.append(3, visit)
  expect(await visitsOf(spool)).toEqual([visit.id])
  expect(await visitsOf(spool)).toEqual([visit.id])
  await (await spool.next())?.done([])
  expect(await spool.next()).toBeNull()
  expect(await files(directory, '.spool')).toEqual([])
  expect(spool.state()).toMatchObject({ bytes: 0, files: 0, oldest: null, problem: null })
})

it('lets no other user read what visitors left', async () => {
  const { spool, directory } = await testSpool()
  await spool.append(3, newVisit(20))
  const path = await fileIn(directory)
  expect((await stat(path)).mode & 0o077).toBe(0)
  expect((await stat(join(path, '..'))).mode & 0o077).toBe(0)
})

it('takes new visits while old ones are being stored', async () => {
  const { spool } = await testSpool()
  const [first, second] = [newVisit(20), newVisit(20)]
  await spool.append(3, first)
  const batch = await spool.next()
  await spool.append(3, second)
  await batch?.done([])
  expect(await drain(spool)).toEqual([second.id])
})

it('cuts its visits into files of the given size, and keeps their order', async () => {
  const { spool, directory } = await testSpool({ segmentBytes: 2_000 })
  const visits = Array.from({ length: 20 }, () => newVisit(20))
  for (const visit of visits) await spool.append(3, visit)
  expect((await files(directory, '.spool')).length).toBeGreaterThan(5)
  expect(await drain(spool)).toEqual(visits.map(({ id }) => id))
})

it('continues with the files of a stopped server, oldest first, before its own', async () => {
  const { spool: before, directory } = await testSpool({ segmentBytes: 2_000 })
  const visits = Array.from({ length: 10 }, () => newVisit(20))
  for (const visit of visits) await before.append(3, visit)
  await before.close()
  const { spool, said } = await testSpool({ directory })
  const last = newVisit(20)
  await spool.append(3, last)
  expect(await drain(spool)).toEqual([...visits, last].map(({ id }) => id))
  expect(said).toEqual(['visits of a stopped server are in the spool'])
})

it('leaves nothing behind when nothing is in it', async () => {
  const { spool, directory } = await testSpool()
  await spool.append(3, newVisit(20))
  await drain(spool)
  await spool.close()
  expect(await readdir(directory)).toEqual([])
})

it('leaves the files of another server that lives alone', async () => {
  const { spool: other, directory } = await testSpool()
  const visit = newVisit(20)
  await other.append(3, visit)
  const { spool } = await testSpool({ directory })
  expect(await spool.next()).toBeNull()
  expect(await drain(other)).toEqual([visit.id])
})

it('takes over from a server that has died on another host, once it is silent for long', async () => {
  const { spool: other, directory } = await testSpool()
  const visit = newVisit(20)
  await other.append(3, visit)
  const folder = join(await fileIn(directory), '..')
  const foreign = join(directory, '00000000-1-00000000')
  await rename(folder, foreign)
  const { spool } = await testSpool({ directory })
  expect(await spool.next()).toBeNull()
  await utimes(foreign, new Date(0), new Date(0))
  await spool.tick()
  expect(await drain(spool)).toEqual([visit.id])
})

it('takes over from another host though the time of day was put back since it was last heard of', async () => {
  const { spool: other, directory } = await testSpool()
  const visit = newVisit(20)
  await other.append(3, visit)
  const foreign = join(directory, '00000000-1-00000000')
  await rename(join(await fileIn(directory), '..'), foreign)
  const touched = new Date(Date.now() + 3_600_000)
  await utimes(foreign, touched, touched)
  const clock = stopClock()
  onTestFinished(() => void vi.useRealTimers())
  const { spool } = await testSpool({ directory })
  clock.move(30_000)
  await spool.tick()
  expect(await spool.next()).toBeNull()
  clock.move(1)
  await spool.tick()
  expect(await drain(spool)).toEqual([visit.id])
})

it('calls no visit safe in a file that somebody has taken for a dead server’s', async () => {
  const { spool, directory } = await testSpool()
  const [first, second] = [newVisit(20), newVisit(20)]
  await spool.append(3, first)
  const elsewhere = join(await testDirectory(), 'taken.spool')
  await rename(await fileIn(directory), elsewhere)
  await spool.append(3, second)
  expect(await drain(spool)).toEqual([second.id])
  expect(await readFile(elsewhere, 'utf8')).toContain(first.id)
})

it('goes on when its whole folder was taken', async () => {
  const { spool, directory } = await testSpool()
  await spool.append(3, newVisit(20))
  await rename(join(await fileIn(directory), '..'), join(await testDirectory(), 'taken'))
  const visit = newVisit(20)
  await spool.append(3, visit)
  expect(await drain(spool)).toEqual([visit.id])
})

it('reports a torn end and keeps what is before it', async () => {
  const { spool: before, directory } = await testSpool()
  const visits = [newVisit(20), newVisit(20)]
  for (const visit of visits) await before.append(3, visit)
  await before.close()
  const path = await fileIn(directory)
  await truncate(path, (await stat(path)).size - 10)
  const { spool, said } = await testSpool({ directory })
  expect(await drain(spool)).toEqual([visits[0]?.id])
  expect(said).toContain('a spool file ends in the middle of a visit: cut off')
  expect(await files(directory, '.bad')).toEqual([])
})

it('keeps a damaged record in a .bad file, says so, and goes on after it', async () => {
  const { spool: before, directory } = await testSpool()
  const visits = [newVisit(20), newVisit(20), newVisit(20)]
  for (const visit of visits) await before.append(3, visit)
  await before.close()
  const path = await fileIn(directory)
  const bytes = await readFile(path)
  const second = visits[1]?.id ?? ''
  bytes.write('?', bytes.indexOf(second) - 3)
  await writeFile(path, bytes)
  const { spool, said } = await testSpool({ directory })
  expect(await drain(spool)).toEqual([visits[0]?.id, visits[2]?.id])
  expect(said).toContain('a spool file is damaged: see the .bad file')
  expect(await readFile(await fileIn(directory, '.bad'), 'utf8')).toContain(second)
})

it('keeps visits that the database refuses in a .bad file', async () => {
  const { spool, directory } = await testSpool()
  const [good, bad] = [newVisit(20), newVisit(20)]
  for (const visit of [good, bad]) await spool.append(3, visit)
  const batch = await spool.next()
  await batch?.done(batch.visits.filter(({ visit }) => visit.id === bad.id))
  const kept = await readFile(await fileIn(directory, '.bad'), 'utf8')
  expect([kept.includes(bad.id), kept.includes(good.id)]).toEqual([true, false])
  expect(await spool.next()).toBeNull()
})

it('takes no more than its limit, says so, and takes visits again when there is room', async () => {
  const { spool, said } = await testSpool({ maxBytes: 3_000 })
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => spool.append(3, newVisit(20))))
  const taken = results.filter(({ status }) => status === 'fulfilled').length
  expect(taken).toBeGreaterThan(0)
  expect(taken).toBeLessThan(10)
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(SpoolError) })
  expect(spool.state().problem).toBe('the spool is full: SPOOL_MAX_BYTES is 3000')
  expect(said).toEqual(['the spool is full'])
  expect(spool.state().bytes).toBeLessThanOrEqual(3_000)
  expect(await drain(spool)).toHaveLength(taken)
  expect(spool.state().problem).toBeNull()
  await spool.append(3, newVisit(20))
})

it('opens on a disk that does not work, and says so until it has looked whether that takes more than one visit', async () => {
  const directory = join(await testDirectory(), 'spool')
  await writeFile(directory, 'in the way')
  const { spool, said } = await testSpool({ directory })
  expect(spool.state().problem).toBe('the spool is broken (EEXIST)')
  await expect(spool.append(3, newVisit(20))).rejects.toBeInstanceOf(SpoolError)
  await rm(directory)
  const visit = newVisit(20)
  await spool.append(3, visit)
  expect(spool.state().problem).toBe('the spool is broken (EEXIST)')
  await spool.tick()
  expect(spool.state().problem).toBeNull()
  expect(await drain(spool)).toEqual([visit.id])
  expect(said).toEqual(['the spool is broken', 'the spool works again'])
})
