import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanUp, dataFolder, open, processOn, query, serverOf, until, value } from './embedded-site.js'

const isRoot = process.geteuid?.() === 0
const STARTED = 'SELECT pg_postmaster_start_time()'
const CLUSTER = 'SELECT system_identifier FROM pg_control_system()'
const PRESENT = "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND granted"
const WALWRITER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"

afterEach(cleanUp)

describe('a first start', () => {
  it('makes a durable UTF-8 cluster with a database and an ordinary role of its own', async () => {
    const db = await open(await dataFolder())
    const [facts] = await query(
      db.url,
      `SELECT current_database() AS database, current_user AS role, current_setting('is_superuser') AS superuser,
         current_setting('server_version_num')::int / 10000 AS version, current_setting('server_encoding') AS encoding,
         current_setting('TimeZone') AS zone, current_setting('fsync') AS fsync,
         current_setting('data_checksums') AS checksums, upper('é') AS upper, 'a' > 'B' AS by_code_point,
         has_schema_privilege('public', 'CREATE') AS may_create`,
    )
    expect(facts).toEqual({
      ...{ database: 'smart_link', role: 'smart_link', superuser: 'off', version: 18, encoding: 'UTF8', zone: 'UTC' },
      ...{ fsync: 'on', checksums: 'on', upper: 'É', by_code_point: true, may_create: true },
    })
    await db.stop()
  })

  it('listens on the loopback address only, on a port that is not the standard one, and asks for the password', async () => {
    const db = await open(await dataFolder())
    const url = new URL(db.url)
    expect(url.hostname).toBe('127.0.0.1')
    expect(url.port).not.toBe('5432')
    expect(await value(db.url, 'SHOW listen_addresses')).toBe('127.0.0.1')
    expect(await value(db.url, 'SHOW unix_socket_directories')).toBe('')
    url.password = 'guess'
    await expect(value(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    await db.stop()
  })

  it('keeps password, data and log from other users, and values out of the log', async () => {
    const dataDir = await dataFolder()
    const db = await open(dataDir)
    await expect(query(db.url, "SELECT 'a secret value'::int")).rejects.toThrow('a secret value')
    await db.stop()
    const mode = async (path: string) => (await stat(join(dataDir, path))).mode & 0o777
    expect(await mode('postgres')).toBe(0o700)
    expect(await mode('postgres/smart_link.password')).toBe(0o600)
    expect(await mode('postgres.log')).toBe(0o600)
    const log = await readFile(join(dataDir, 'postgres.log'), 'utf8')
    expect(log).toContain('ready to accept connections')
    expect(log).not.toContain('secret')
  })

  it('done by several processes at once ends with all of them in one cluster and nothing left over', async () => {
    const dataDir = await dataFolder()
    const processes = [processOn(dataDir), processOn(dataDir), processOn(dataDir)]
    const urls = await Promise.all(processes.map((one) => one.url()))
    expect(new Set(urls).size).toBe(1)
    expect(new Set(await Promise.all(urls.map((url) => value(url, CLUSTER)))).size).toBe(1)
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log'])
    await Promise.all(processes.map((one) => one.stop()))
    expect(await serverOf(dataDir)).toBeNull()
  })

  it('killed at any moment leaves a folder that the next start completes and clears', async () => {
    const dataDir = await dataFolder()
    const has = async (file: RegExp) =>
      (await readdir(dataDir, { recursive: true }).catch(() => [])).some((path) => file.test(path))
    for (const moment of [/^postgres\.new-/, /new-.*pg_wal/, /new-.*base\/1\/1259/, /new-.*base\/5\/1259/]) {
      for (let isMissed = true; isMissed; ) {
        const killed = processOn(dataDir)
        await until(() => has(moment))
        await killed.kill()
        // Who looks too late sees it done.
        isMissed = await has(/^postgres$/)
        if (isMissed) await rm(dataDir, { recursive: true })
      }
    }
    const db = await open(dataDir)
    expect(await value(db.url, 'SELECT 1')).toBe(1)
    await db.stop()
    // An initdb whose parent was killed may run on for a moment; the next start removes what it wrote.
    await until(async () => {
      const again = await open(dataDir)
      await again.stop()
      return !(await has(/^postgres\.new-/))
    })
  })
})

describe('several processes', () => {
  it('share one server, which stays until the last of them stops, whoever started it', async () => {
    const dataDir = await dataFolder()
    const first = await open(dataDir)
    const second = processOn(dataDir)
    // It never sends a query: a server idle at night still keeps PostgreSQL.
    expect(await second.url()).toBe(first.url)
    const third = await open(dataDir)
    const pid = await serverOf(dataDir)
    await first.stop()
    await first.stop()
    await third.stop()
    expect(await serverOf(dataDir)).toBe(pid)
    await second.stop()
    expect(await serverOf(dataDir)).toBeNull()
  })

  it('never get a server that is about to go, however starts and stops meet', async () => {
    const dataDir = await dataFolder()
    const comeAndGo = async () => {
      for (let round = 0; round < 8; round += 1) {
        const db = await open(dataDir)
        expect(await value(db.url, 'SELECT 1')).toBe(1)
        await db.stop()
      }
    }
    await Promise.all([comeAndGo(), comeAndGo(), comeAndGo()])
    expect(await serverOf(dataDir)).toBeNull()
  })

  it('stay counted when PostgreSQL drops all connections after a crash of one of its processes', async () => {
    const dataDir = await dataFolder()
    const first = await open(dataDir)
    const second = await open(dataDir)
    const victim = await value(first.url, WALWRITER)
    process.kill(Number(victim), 'SIGKILL')
    // The server has noticed and recovered, and both are back.
    const ask = (sql: string) => value(first.url, sql).catch(() => victim)
    await until(async () => (await ask(WALWRITER)) !== victim && (await ask(PRESENT)) === 2)
    await first.stop()
    expect(await value(second.url, 'SELECT 1')).toBe(1)
    await second.stop()
    expect(await serverOf(dataDir)).toBeNull()
  })
})

describe.runIf(isRoot)('as root, which PostgreSQL refuses', () => {
  it('runs as nobody, who owns the cluster', async () => {
    const dataDir = await dataFolder()
    const db = await open(dataDir)
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(65534)
    expect((await stat(`/proc/${await serverOf(dataDir)}`)).uid).toBe(65534)
    await db.stop()
  })

  it("works under root's closed home, and again after the home was opened", async () => {
    const dataDir = await dataFolder({ mode: 0o700 })
    const closed = await open(dataDir)
    await query(closed.url, 'CREATE TABLE kept AS SELECT 7 AS number')
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(0)
    const attached = processOn(dataDir)
    expect(await attached.url()).toBe(closed.url)
    await closed.stop()
    await attached.stop()

    await chmod(dirname(dirname(dataDir)), 0o755)
    const opened = await open(dataDir)
    expect(await value(opened.url, 'SELECT number FROM kept')).toBe(7)
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(65534)
    await opened.stop()

    await chmod(dirname(dirname(dataDir)), 0o700)
    const closedAgain = await open(dataDir)
    expect(await value(closedAgain.url, 'SELECT number FROM kept')).toBe(7)
    await closedAgain.stop()
  })

  it("runs as the user whose closed home the folder is in, and that user's processes share the server", async () => {
    const dataDir = await dataFolder({ mode: 0o700, uid: 1000 })
    await mkdir(dirname(dataDir), { recursive: true })
    await chown(dirname(dataDir), 1000, 1000)
    const user = processOn(dataDir, { uid: 1000 })
    const url = await user.url()
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(1000)
    const root = await open(dataDir)
    expect(root.url).toBe(url)
    await user.stop()
    await root.stop()
    const rootFirst = await open(dataDir)
    expect((await stat(`/proc/${await serverOf(dataDir)}`)).uid).toBe(1000)
    await rootFirst.stop()
  })

  it('works for a user id without a name, as containers give it, alone and under root', async () => {
    const dataDir = await dataFolder({ mode: 0o700, uid: 4242 })
    await mkdir(dirname(dataDir), { recursive: true })
    await chown(dirname(dataDir), 4242, 4242)
    const nameless = processOn(dataDir, { uid: 4242 })
    await nameless.url()
    expect((await stat(`/proc/${await serverOf(dataDir)}`)).uid).toBe(4242)
    await nameless.stop()
    await rm(join(dataDir, 'postgres'), { recursive: true })
    const root = await open(dataDir)
    expect((await stat(`/proc/${await serverOf(dataDir)}`)).uid).toBe(4242)
    await root.stop()
  })

  it('tells another user in one line that the cluster is not theirs', async () => {
    const dataDir = await dataFolder()
    const db = await open(dataDir)
    expect(await processOn(dataDir, { uid: 1000 }).error()).toMatch(
      /^EmbeddedError: .* belongs to user 65534, this is user 1000[^\n]*$/,
    )
    await db.stop()
  })
})

describe('a copy of the folder', () => {
  it('gets a server of its own while the original runs', async () => {
    const dataDir = await dataFolder()
    const original = await open(dataDir)
    const copy = await dataFolder()
    await original.stop()
    await cp(dataDir, copy, { recursive: true, preserveTimestamps: true })
    const running = await open(dataDir)
    await cp(join(dataDir, 'postgres/postmaster.pid'), join(copy, 'postgres/postmaster.pid'))
    const own = await open(copy)
    expect(await value(own.url, 'SHOW data_directory')).toBe(join(copy, 'postgres'))
    expect(await value(running.url, STARTED)).not.toEqual(await value(own.url, STARTED))
    await own.stop()
    await running.stop()
  })
})
