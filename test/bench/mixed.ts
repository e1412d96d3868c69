import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '../../src/demo/random.js'
import { storeOthers, visitors } from './capture.js'
import { median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { startLoadClient } from './load.js'
import type { LoadPlan, LoadReport } from './load-protocol.js'
import type { Table } from './report.js'
import { bearer, type ServerProcess, startOurs } from './servers.js'

const clicksPerSecond = 500
const pagesPerSecond = 200

/** Opening links at a steady rate: alone, and while the log is exported and paged through. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await mixed(context, database))
  return tables
}

async function mixed(context: BenchContext, database: FilledDatabase): Promise<Table> {
  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-bench-spool-'))
  // The link that is read stays as it was filled.
  const paths = (await storeOthers(database)).filter((_, nth) => nth % 2 === 1)
  const ours = await startOurs({ ...database, env: { DATA_DIR: dataDir, TRUST_PROXY: '1', ...database.env } })
  const readers = startLoadClient()
  const { seconds } = context
  const paced = { generator: 'own' as const, port: ours.port, seconds, first: 0 }
  const clicks = { ...paced, paths, headers: {}, variants: visitors(2_000), connections: 32, rate: clicksPerSecond }
  const pages = { ...paced, headers: bearer(database.ownerId), connections: 16, rate: pagesPerSecond }
  const pagePaths = anyPages(database, pagesPerSecond * seconds * (context.rounds + 1))
  try {
    const alone: LoadReport[] = []
    const together: LoadReport[] = []
    let exported = 0
    // The first round is for programs that have just started: it does not count.
    for (let round = -1; round < context.rounds; round += 1) {
      const before = await clicksOf(context, clicks)
      const stop = new AbortController()
      const exporting = exportUntil(ours, database, stop.signal)
      const [report, reading] = await Promise.all([
        clicksOf(context, clicks),
        readers.measure({ ...pages, paths: pagePaths, first: (round + 1) * pagesPerSecond * seconds }),
      ])
      requireOnly(reading, 200)
      stop.abort()
      const rows = await exporting
      if (round < 0) continue
      exported += rows
      alone.push(before)
      together.push(report)
    }
    const ratio = median(together.map(({ p50 }, round) => p50 / (alone[round]?.p50 ?? Number.NaN)))
    return {
      title: `${database.name}, ${clicksPerSecond} openings a second, link with ${database.rows.toLocaleString('en')} visits`,
      columns: ['meanwhile', 'p50 ms', 'p99 ms', 'p50 of alone', 'asked'],
      rows: [
        [...line('nothing', alone), '1.00', ''],
        [
          ...line(`an export of all visits, and ${pagesPerSecond} random pages a second`, together),
          ratio.toFixed(2),
          '≤ 1.5',
        ],
      ],
      notes: [
        `Rows exported meanwhile: ${Math.round(exported / (seconds * context.rounds)).toLocaleString('en')} a second.`,
      ],
    }
  } finally {
    readers.close()
    await ours.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function clicksOf({ load }: BenchContext, plan: LoadPlan): Promise<LoadReport> {
  const report = await load.measure(plan)
  requireOnly(report, 302)
  return report
}

function requireOnly({ statuses, broken }: LoadReport, wanted: number): void {
  const others = Object.keys(statuses).filter((status) => Number(status) !== wanted)
  if (broken > 0 || others.length > 0) throw new Error(JSON.stringify({ statuses, broken }))
}

function anyPages({ linkId, rows }: FilledDatabase, count: number): string[] {
  const random = new SeededRandom(7)
  return Array.from(
    { length: count },
    () => `/link/urls/${linkId}/visits?page=${1 + random.below(Math.ceil(rows / 15))}`,
  )
}

/** @returns how many rows came */
async function exportUntil(
  { port }: ServerProcess,
  { ownerId, linkId }: FilledDatabase,
  stop: AbortSignal,
): Promise<number> {
  let rows = 0
  while (!stop.aborted) {
    const path = `/link/urls/${linkId}/visits/export?format=ndjson`
    const sent = request({ port, path, headers: bearer(ownerId), signal: stop }).end()
    try {
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      if (answer.statusCode !== 200) throw new Error(`the export was answered with ${answer.statusCode}`)
      for await (const chunk of answer) rows += newlines(chunk as Buffer)
    } catch (error) {
      if (!stop.aborted) throw error
    }
  }
  return rows
}

function newlines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}

function line(name: string, reports: LoadReport[]): string[] {
  const p50 = median(reports.map((report) => report.p50))
  const p99 = median(reports.map((report) => report.p99))
  return [name, p50.toFixed(2), p99.toFixed(1)]
}
