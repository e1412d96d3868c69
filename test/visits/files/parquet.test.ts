import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it, onTestFinished } from 'vitest'
import { appendVisits } from '../../../src/visits/append.js'
import { wireKeys } from '../../../src/visits/files/wire-keys.js'
import { testApp } from '../../support/app.js'
import { chromeOnMac, newVisit, storeLinks, storeRecipients } from '../../support/visits.js'

async function exportApp() {
  const { app, db, as } = await testApp({ env: { TZ_OUTPUT: 'Asia/Kolkata' } })
  await storeLinks(db, 26, 21)
  const get = (query: string, headers: Record<string, string> = {}) =>
    app.inject({ url: `/link/urls/21/visits/export?${query}`, headers: { ...as(26), ...headers } })
  return { db, get }
}

/** What DuckDB reads in the file, asked in SQL of `visits`. */
async function duckDb(file: Buffer, ...queries: string[]): Promise<unknown[][][]> {
  const folder = await mkdtemp(join(tmpdir(), 'smart-link-parquet-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'visits.parquet')
  await writeFile(path, file)
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  onTestFinished(() => {
    connection.closeSync()
    instance.closeSync()
  })
  await connection.run(`SET VARIABLE file = '${path}'`)
  await connection.run(`CREATE VIEW visits AS FROM read_parquet('${path}')`)
  const answers: unknown[][][] = []
  for (const query of queries) answers.push((await connection.runAndReadAll(query)).getRowsJson())
  return answers
}

it('is read by DuckDB with the values of the NDJSON export, over several row groups', async () => {
  const { db, get } = await exportApp()
  await storeRecipients(db, 26, 21, ['4477009001'])
  const visits = Array.from({ length: 12_000 }, (_, at) =>
    newVisit(21, {
      createdAt: new Date(Date.UTC(2026, 0, 1, 20) + at * 1500),
      userAgent: { ...chromeOnMac, browser: ['"Chrome"', 'Édge 🦊', null][at % 3] ?? null },
      queryString: at % 5 === 0 ? 'x'.repeat(at % 700) : null,
      recipientId: at % 2 === 0 ? 1 : null,
      options: at % 4 === 0 ? { bot: true, deep: { list: [1, 'two'] } } : null,
      scheme: at % 7 === 0 ? 'https' : null,
    }),
  )
  for (let at = 0; at < visits.length; at += 4000) await appendVisits(db, 26, visits.slice(at, at + 4000))
  const answer = await get('format=parquet', { 'accept-encoding': 'gzip, br' })
  expect(answer.headers).toMatchObject({
    'content-type': 'application/vnd.apache.parquet',
    'content-disposition': 'attachment; filename="visits-21.parquet"',
  })
  // Its columns are compressed already.
  expect(answer.headers).not.toHaveProperty('content-encoding')
  const columns = wireKeys.map((key) => (key === 'created_at' ? "strftime(created_at, '%Y-%m-%d %H:%M:%S')" : key))
  const [rows, types, groups, some] = await duckDb(
    answer.rawPayload,
    `SELECT ${columns.join(', ')} FROM visits`,
    'SELECT column_name, column_type FROM (DESCRIBE visits)',
    "SELECT count(DISTINCT row_group_id) FROM parquet_metadata(getvariable('file'))",
    "SELECT count(*) FROM visits WHERE created_at >= TIMESTAMP '2026-01-02 02:30:00'",
  )
  const lines = (await get('format=ndjson')).body.trimEnd().split('\n')
  const expected = lines.map((line) => {
    const row = JSON.parse(line) as Record<string, unknown>
    return wireKeys.map((key) => (key === 'options' && row[key] !== null ? JSON.stringify(row[key]) : row[key]))
  })
  expect(rows).toEqual(expected)
  expect(types).toEqual(wireKeys.map((key) => [key, key === 'created_at' ? 'TIMESTAMP' : 'VARCHAR']))
  expect(groups).toEqual([['12']])
  expect(some).toEqual([[String(lines.filter((line) => JSON.parse(line).created_at >= '2026-01-02 02:30:00').length)]])
})

it('is a whole file with all columns for a link without visits', async () => {
  const { get } = await exportApp()
  const [count, columns] = await duckDb(
    (await get('format=parquet')).rawPayload,
    'SELECT count(*) FROM visits',
    'SELECT column_name FROM (DESCRIBE visits)',
  )
  expect(count).toEqual([['0']])
  expect(columns?.flat()).toEqual(wireKeys)
})
