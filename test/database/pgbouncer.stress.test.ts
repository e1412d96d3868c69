import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.js'
import { connect } from '../../src/database/connect.js'
import { inOneGo, inTransaction } from '../../src/database/transaction.js'
import { startClicks } from '../faults/clicks.js'
import { expectKept, expectReplayed } from '../faults/ledger.js'
import { bearer, testSecret } from '../support/app.js'
import { runInProcess } from '../support/command-line.js'
import { createDatabase } from '../support/database.js'
import { pgbouncer, startBouncer } from '../support/pgbouncer.js'
import { startReceiver } from '../support/receiver.js'
import { startServerProcess } from '../support/server-process.js'
import { newWebhook, storeLink } from '../support/visits.js'
import { ndjson, untrackedRow } from '../support/wire-row.js'

/** A database whose own time zone and way of writing times are not ours, behind PgBouncer in transaction pooling mode. */
async function pooledSite() {
  const { db, url, drop } = await createDatabase(inject('templateName'))
  const name = new URL(url).pathname.slice(1)
  await db.pool.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Kolkata'`)
  await db.pool.query(`ALTER DATABASE ${name} SET datestyle = 'German'`)
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'smart-link-pooled-'))
  onTestFinished(async () => {
    await drop()
    await rm(DATA_DIR, { recursive: true, force: true })
  })
  const bouncer = await startBouncer(url)
  const env = { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: url, DATA_DIR }
  const start = async (more: Record<string, string> = {}) => {
    const server = startServerProcess({
      ...env,
      JWT_SECRET: testSecret,
      WEBHOOK_ALLOW_PRIVATE: 'on',
      RATE_LIMIT: '0',
      ...more,
    })
    const address = await server.address()
    const headers = bearer({ sub: '1', scope: 'admin' })
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(address + path, { headers, redirect: 'manual', ...init })
      return { status: answer.status, text: await answer.text() }
    }
    const json = async (path: string) => {
      // On a busy machine a server that has just started may turn reads away for a moment.
      let answer = await ask(path)
      const askAgain = async () => {
        if (answer.status === 503) answer = await ask(path)
        return answer.status === 200 ? '' : answer.text
      }
      await expect.poll(askAgain).toBe('')
      return JSON.parse(answer.text)
    }
    return { ...server, address, ask, json, port: Number(new URL(address).port) }
  }
  const command = (args: string[], input = '', more: Record<string, string> = {}) =>
    runInProcess(db, args, { input, env: { ...env, ...more } })
  return { db, url, bouncer, env, DATA_DIR, start, command }
}

describe.runIf(pgbouncer !== undefined)('through PgBouncer, which gives each transaction another connection,', () => {
  it('clicks of many at once are stored once, with the times and numbers they have without it', async () => {
    const { db, url, start } = await pooledSite()
    for (const id of [20, 21, 22]) await storeLink(db, 1, id)
    const { port, json, ask } = await start()
    const before = Date.now()
    const clicks = startClicks(port, ['link1x20', 'link1x20', 'link1x21', 'link1x22'], 24)
    onTestFinished(() => clicks.stop())
    const pages = Array.from({ length: 8 }, async () => {
      while (clicks.answered.size < 1_000) {
        const { status, text } = await ask('/link/urls/20/visits?per_page=50')
        expect([status, status === 200 ? '' : text]).toEqual([200, ''])
      }
    })
    await Promise.all(pages)
    await clicks.stop()
    expect([clicks.refused.size, clicks.broken]).toEqual([0, 0])
    await expectKept(url, clicks.answered)

    const feed: { created_at: string; query_string: string }[] = []
    for (let cursor = ''; ; ) {
      const { data, meta } = await json(`/link/visits/feed?limit=1000${cursor}`)
      if (data.length === 0) break
      feed.push(...data)
      cursor = `&cursor=${meta.next_cursor}`
    }
    expect(new Set(feed.map(({ query_string }) => query_string))).toEqual(clicks.answered)
    for (const { created_at } of feed) {
      const at = Date.parse(`${created_at.replace(' ', 'T')}Z`)
      expect(at).toBeGreaterThanOrEqual(before - 1_000)
      expect(at).toBeLessThanOrEqual(Date.now())
    }
    const page = await json('/link/urls/20/visits?per_page=100')
    const links = await json('/link/urls/20')
    expect(links.data.visits).toBe(page.meta.total)
    const lastVisited = Date.parse(`${links.data.last_visited.replace(' ', 'T')}Z`)
    expect(Math.abs(lastVisited - Date.parse(`${page.data[0].created_at.replace(' ', 'T')}Z`))).toBeLessThan(60_000)
  })

  it('feeds that wait hear of visits, and redirects of edits', async () => {
    const { db, start } = await pooledSite()
    await storeLink(db, 1, 20)
    const [one, other] = await Promise.all([start(), start()])
    const { meta } = await one.json('/link/visits/feed')
    const waiting = one.json(`/link/visits/feed?wait=60&cursor=${meta.next_cursor}`)
    expect((await other.ask('/link1x20')).status).toBe(302)
    expect((await waiting).data).toHaveLength(1)

    expect((await one.ask('/link1x20')).status).toBe(302)
    const body = JSON.stringify({ long_url: 'https://example.com/elsewhere' })
    const edited = await other.ask('/link/urls/20', { method: 'PUT', body, headers: { ...bearer({ sub: '1' }) } })
    expect(edited.status).toBe(200)
    const target = async () => {
      const answer = await fetch(`${one.address}/link1x20`, { redirect: 'manual' })
      return answer.headers.get('location')
    }
    await expect.poll(target).toBe('https://example.com/elsewhere')
  })

  it('a transaction has the limits it has without it, and one that is given up leaves nobody who waits', async () => {
    const { db, url, bouncer } = await pooledSite()
    const config = { ...readConfig({ DATA_DIR: '/nowhere' }), databaseUrl: bouncer.url, databaseDirectUrl: url }
    const { db: pooled, close } = await connect(config)
    onTestFinished(close)
    const limits = `SELECT current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle`
    const { rows } = await inTransaction(pooled, (client) => client.query(limits))
    const [, together] = await inOneGo(pooled, [{ text: 'SELECT' }, { text: limits }])
    expect([...rows, ...(together?.rows ?? [])]).toEqual([
      { lock: '5s', idle: '15s' },
      { lock: '5s', idle: '15s' },
    ])

    await storeLink(db, 1, 20)
    const lock = { text: 'SELECT FROM owners WHERE id = 1 FOR UPDATE' }
    const holder = await db.connectDirectly()
    onTestFinished(() => holder.end())
    await holder.query('BEGIN')
    await holder.query(lock)
    const giveUp = new AbortController()
    const given = expect(inOneGo(pooled, [lock], giveUp.signal)).rejects.toThrow('aborted')
    const waiting = async () => {
      const found = await db.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      return found.rows.length
    }
    await expect.poll(waiting).toBe(1)
    giveUp.abort()
    await given
    await expect.poll(waiting).toBe(0)
  })

  it('webhooks are told, exports are whole, statistics are right', async () => {
    const { db, start } = await pooledSite()
    const receiver = await startReceiver()
    await storeLink(db, 1, 20, { webhookId: await newWebhook(db, 1, receiver.url) })
    const { ask, json } = await start()
    for (let click = 0; click < 20; click += 1) expect((await ask('/link1x20')).status).toBe(302)
    await expect.poll(() => receiver.received.length).toBe(20)
    const { data } = await json('/link/urls/20/visits?per_page=100')
    const ids = data.map(({ id }: { id: string }) => id).reverse()
    expect(receiver.messages().map(({ id }) => id)).toEqual(ids)
    const exported = (await ask('/link/urls/20/visits/export?format=ndjson')).text.trimEnd().split('\n')
    expect(exported.map((line) => JSON.parse(line).id)).toEqual(ids)
    expect((await json('/link/urls/20/visits/stats')).data.totals.visits).toBe(20)
    expect((await ask('/ready')).status).toBe(200)
  })

  it('a file is imported in the order of its times', async () => {
    const { db, command, start } = await pooledSite()
    const rows = Array.from({ length: 50 }, (_, index) =>
      untrackedRow({ link_id: 21, created_at: `2026-01-01 00:00:${String((index * 7) % 50).padStart(2, '0')}` }),
    )
    const imported = await command(['visits', 'import', '-', '--user', '1'], ndjson(rows))
    expect(imported).toMatchObject({ status: 0, stderr: expect.stringContaining('Imported 50 visits') })
    const { rows: stored } = await db.pool.query<{ user_id: string }>('SELECT DISTINCT user_id FROM visits')
    const { ask } = await start()
    const headers = bearer({ sub: stored[0]?.user_id ?? '' })
    const { text } = await ask('/link/urls/21/visits?per_page=100', { headers })
    const times = JSON.parse(text).data.map(({ created_at }: { created_at: string }) => created_at)
    expect(times).toEqual(
      rows
        .map(({ created_at }) => created_at)
        .sort()
        .reverse(),
    )
  })

  it('kill -9 of it loses no click that was answered', async () => {
    const { db, url, bouncer, DATA_DIR, start } = await pooledSite()
    for (const id of [20, 21]) await storeLink(db, 1, id)
    const { port } = await start()
    const clicks = startClicks(port, ['link1x20', 'link1x21'])
    onTestFinished(() => clicks.stop())
    for (const answered of [200, 400]) {
      await expect.poll(() => clicks.answered.size).toBeGreaterThan(answered)
      await bouncer.kill()
      const without = clicks.answered.size
      await expect.poll(() => clicks.answered.size).toBeGreaterThan(without + 50)
      await bouncer.start()
    }
    await clicks.stop()
    await expectReplayed(DATA_DIR)
    await expectKept(url, clicks.answered)
    expect([clicks.refused.size, clicks.broken]).toEqual([0, 0])
  })

  it('a database is migrated past it, and a start without a way past it says what is missing', async () => {
    const { bouncer, command } = await pooledSite()
    expect(await command(['migrate'])).toMatchObject({ status: 0, stderr: 'Nothing to migrate.\n' })
    const start = (more: Record<string, string> = {}) => command(['serve'], '', { JWT_SECRET: testSecret, ...more })
    expect(await start({ DATABASE_DIRECT_URL: '' })).toEqual({
      status: 1,
      stdout: '',
      stderr: 'smart-link: DATABASE_URL leads to a connection pooler: set DATABASE_DIRECT_URL to PostgreSQL itself.\n',
    })
    await bouncer.kill()
    expect(await start()).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^smart-link: DATABASE_URL cannot be used: connect ECONNREFUSED .*\n$/),
    })
  })
  it('a start is refused when both addresses lead to it, or its connections are not as they have to be', async () => {
    const { db, url, bouncer } = await pooledSite()
    const config = (more: object) => ({ ...readConfig({ DATA_DIR: '/nowhere' }), databaseUrl: bouncer.url, ...more })
    await expect(connect(config({ databaseDirectUrl: bouncer.url }))).rejects.toThrow(
      /^DATABASE_DIRECT_URL leads to a /,
    )
    await (await connect(config({ databaseDirectUrl: url }))).close()
    const name = new URL(url).pathname.slice(1)
    await db.pool.query(`ALTER DATABASE ${name} SET search_path = 'elsewhere'`)
    await bouncer.kill()
    await bouncer.start()
    await expect(connect(config({ databaseDirectUrl: url }))).rejects.toThrow(
      'DATABASE_URL leads to connections that cannot be used: search_path is empty where it has to be public.',
    )
  })
})
