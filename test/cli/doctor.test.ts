import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'

const secret = 'x'.repeat(32)
const wellDatabase = 'ok   database: PostgreSQL 15.0, migrated'

/** Owner 26 with link 21 and three visits, and the doctor's report on them, line by line. */
async function site() {
  const { db } = await testDatabase()
  await storeLinks(db, 26, 21)
  await db.prisma.owner.updateMany({ data: { lastLinkId: 21 } })
  await appendVisits(db, 26, [newVisit(21), newVisit(21, { isBot: true }), newVisit(21)])
  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-doctor-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const doctor = async (args: string[] = [], env: Record<string, string> = {}) => {
    const given = { DATA_DIR: dataDir, JWT_SECRET: secret, SPOOL_MAX_BYTES: '1000000', ...env }
    const { status, stdout, stderr } = await runInProcess(db, ['doctor', ...args], { env: given })
    expect(stderr).toBe('')
    // A PostgreSQL that only serves tests may do without: test/database/environment.test.ts has that.
    const lines = stdout
      .trimEnd()
      .replace(/^warn database: autovacuum is off.*$/m, wellDatabase)
      .split('\n')
    const of = (topic: string) => lines.filter((line) => line.slice(5).startsWith(`${topic}: `))
    return { status, lines, of, bad: lines.filter((line) => !line.startsWith('ok')) }
  }
  return { db, dataDir, doctor }
}

it('says of each thing that it is well, and ends with 0', async () => {
  const { doctor, dataDir } = await site()
  expect(await doctor()).toMatchObject({
    status: 0,
    lines: [
      expect.stringMatching(`^ok   configuration: port 3000 of 127.0.0.1, the database at .+, data in ${dataDir}$`),
      expect.stringMatching(/^ok {3}database: PostgreSQL 1\d\.\d+.*, migrated$/),
      expect.stringMatching(/^ok {3}clock: the one of the database is .*that of this machine$/),
      'ok   counters: 1 owners with 1 links, as their rows say',
      'ok   backup: none by smart-link backup; those of PostgreSQL are not seen from here',
      'ok   spool: empty',
      'ok   queue: none: NATS_URL is not set',
      'ok   redis: none: each server counts requests alone',
      expect.stringMatching(/^(ok {3}|warn )places: \S.* of 20\d\d-\d\d-\d\d, \d+ days old/),
      'ok   networks: none: ASN_DB is not set',
      'ok   address: TRUST_PROXY is off: a request is seen from who connects, such as 203.0.113.7, whatever X-Forwarded-For says',
    ],
  })
})

describe('counters', () => {
  it('are told when they are wrong, and repaired when that is asked for', async () => {
    const { db, doctor } = await site()
    await db.pool.query('UPDATE links SET visits = 7, human_visits = 1')
    const finding = 'link 21 of owner 26: visits is 7, the rows say 3; human_visits is 1, the rows say 2'
    expect(await doctor()).toMatchObject({ status: 1, bad: [`fail ${finding}`] })
    const repaired = await doctor(['--repair'])
    expect(repaired).toMatchObject({ status: 0, bad: [] })
    expect(repaired.lines).toContain(`ok   ${finding} (repaired)`)
    expect(await doctor()).toMatchObject({ status: 0, bad: [] })
  })

  it('cannot be repaired where visits are missing', async () => {
    const { db, doctor } = await site()
    await db.pool.query(`
      ALTER TABLE visits DISABLE TRIGGER USER;
      DELETE FROM visits WHERE seq = 2;
      ALTER TABLE visits ENABLE TRIGGER USER`)
    expect(await doctor(['--repair'])).toMatchObject({
      status: 1,
      bad: [
        'fail link 21 of owner 26: 1 visits are missing, the first 2: restore them from a backup, they are never renumbered',
      ],
    })
  })
})

describe('the database', () => {
  it('may not be one that loses what it has stored', async () => {
    const { db, doctor } = await site()
    const { rows } = await db.pool.query<{ name: string }>('SELECT current_database() AS name')
    await db.pool.query(`ALTER DATABASE ${rows[0]?.name} SET synchronous_commit = off`)
    expect(await doctor()).toMatchObject({
      status: 1,
      bad: ['fail database: synchronous_commit is off: recorded visits may be lost when the machine goes down'],
    })
  })

  it('fails when it is not there, and everything else is looked at all the same', async () => {
    const { doctor } = await site()
    const { status, bad, of } = await doctor([], { DATABASE_URL: 'postgresql://nobody:secret-word@127.0.0.1:1/none' })
    expect([status, bad]).toEqual([
      1,
      [expect.stringMatching(/^fail database: DATABASE_URL cannot be used: .*ECONNREFUSED/)],
    ])
    expect([of('spool'), of('address').length]).toEqual([['ok   spool: empty'], 1])
    expect(bad.join()).not.toContain('secret-word')
  })

  it('fails when it is not migrated', async () => {
    const { db, doctor } = await site()
    await db.pool.query('DELETE FROM _prisma_migrations')
    expect(await doctor()).toMatchObject({
      status: 1,
      bad: [expect.stringMatching(/^fail database: Migrations are not applied: .* more\. Run smart-link migrate\.$/)],
    })
  })
})

describe('the configuration', () => {
  it('fails with every variable that is wrong', async () => {
    const { doctor } = await site()
    expect(await doctor([], { PORT: 'a', TRUST_PROXY: 'yes!' })).toMatchObject({
      status: 1,
      lines: [expect.stringMatching(/^fail configuration: PORT must be a port number .*; TRUST_PROXY must be off/)],
    })
  })

  it('is warned of where it is hardly meant so', async () => {
    const { doctor } = await site()
    const { status, bad } = await doctor([], { HOST: '0.0.0.0', JWT_SECRET: '', SHORT_URL: 'http://s.example.com' })
    expect(status).toBe(0)
    expect(bad).toEqual([
      'warn configuration: PUBLIC_URL is not set: addresses in answers name whatever host a request says',
      'warn configuration: SHORT_URL begins with http: what is sent there can be read on its way, access tokens too',
      'warn configuration: JWT_SECRET is not set: it is made and kept in DATA_DIR, and JWTs of one server do not count at another',
    ])
  })
})

describe('the spool', () => {
  it('fails with visits that nobody stores, or when it is full, and warns of those that were refused', async () => {
    const { dataDir, doctor } = await site()
    const folder = join(dataDir, 'spool', 'abcdef01-1-abcdef01')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, '1.spool'), 'x'.repeat(70))
    await writeFile(join(folder, '2.spool'), 'x'.repeat(50))
    expect((await doctor()).of('spool')).toEqual(['ok   spool: 2 files wait, 120 bytes'])
    const long = new Date('2026-01-02T03:04:05Z')
    await utimes(join(folder, '1.spool'), long, long)
    await writeFile(join(dataDir, 'spool', '0.spool.bad'), 'x')
    const { status, bad } = await doctor([], { SPOOL_MAX_BYTES: '120' })
    expect(status).toBe(1)
    expect(bad).toEqual([
      `fail spool: 2 files with 120 bytes wait in ${dataDir}/spool since 2026-01-02T03:04:05.000Z: a server stores them`,
      'fail spool: it is full: SPOOL_MAX_BYTES is 120',
      'warn spool: 0.spool.bad holds visits that could not be stored: look at it, then remove it',
    ])
  })

  it('fails where there can be none', async () => {
    const { dataDir, doctor } = await site()
    await writeFile(join(dataDir, 'file'), '')
    const { status, of } = await doctor([], { DATA_DIR: join(dataDir, 'file', 'data') })
    expect([status, of('spool')]).toEqual([
      1,
      [expect.stringMatching(/^fail spool: .* cannot be written to \(ENOTDIR\)$/)],
    ])
  })
})

it('fails without its queue, and warns without its Redis', async () => {
  const { doctor } = await site()
  const { status, bad } = await doctor([], { NATS_URL: 'nats://127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' })
  expect(status).toBe(1)
  expect(bad).toEqual([
    expect.stringMatching(/^fail queue: NATS_URL cannot be used: ./),
    expect.stringMatching(/^warn redis: REDIS_URL cannot be used: .*ECONNREFUSED.* Each server counts requests alone$/),
  ])
})

describe('the address of a request', () => {
  const trying = async () => {
    const { doctor } = await site()
    return async (env: Record<string, string>, args: string[] = []) => {
      const { status, of } = await doctor(args, env)
      return [status, of('address').join()]
    }
  }
  const made = '198.51.100.66, 203.0.113.7'

  it('is the one that the trusted proxies saw, whatever a visitor makes up', async () => {
    const tried = await trying()
    const seen = (from: string, forwarded: string) =>
      `ok   address: a request from ${from} with X-Forwarded-For: ${forwarded} is seen from 203.0.113.7`
    expect(await tried({ TRUST_PROXY: '1' })).toEqual([0, seen('10.0.0.1', made)])
    expect(await tried({ TRUST_PROXY: '2' })).toEqual([0, seen('10.0.0.1', `${made}, 10.0.0.2`)])
    expect(await tried({ TRUST_PROXY: '172.16.0.0/12' })).toEqual([0, seen('172.16.0.0', made)])
  })

  it('fails when a visitor can choose it', async () => {
    const tried = await trying()
    expect(await tried({ TRUST_PROXY: '0.0.0.0/1,128.0.0.0/1' })).toEqual([
      1,
      `fail address: a request from 0.0.0.0 with X-Forwarded-For: ${made} is seen from 198.51.100.66, which a visitor wrote there: TRUST_PROXY trusts everybody`,
    ])
  })

  it('is warned of when it would be the one of a proxy', async () => {
    const tried = await trying()
    const [status, line] = await tried({ PUBLIC_URL: 'https://api.example.com' })
    expect(status).toBe(0)
    expect(line).toMatch(
      /^warn address: TRUST_PROXY is off: .* would be from the address of that proxy. Set TRUST_PROXY$/,
    )
  })

  it('is told of any request that one gives', async () => {
    const tried = await trying()
    const args = ['--from', '10.9.9.9', '--forwarded', '192.0.2.1, 10.1.1.1']
    expect(await tried({ TRUST_PROXY: '10.0.0.0/8' }, args)).toEqual([
      0,
      'ok   address: a request from 10.9.9.9 with X-Forwarded-For: 192.0.2.1, 10.1.1.1 is seen from 192.0.2.1',
    ])
  })
})
