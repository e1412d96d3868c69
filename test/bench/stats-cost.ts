import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chunkSize } from '../../src/visits/statistics/chunk.js'
import { storeOthers, visitors } from './capture.js'
import { median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import type { LoadReport } from './load-protocol.js'
import { atLeast, type Table } from './report.js'
import { startOurs } from './servers.js'
import { makeMissing } from './stats-logs.js'

/** What keeping statistics may leave of the rate of redirects. */
const leastRatio = 0.75

const connections = 64

interface Way {
  name: string
  roles: string[]
  reports: LoadReport[]
  blocks: number
}

/** Opening short links with a server that makes the blocks of statistics, and with one that does not, in turns. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await cost(context, database))
  return tables
}

async function cost(context: BenchContext, database: FilledDatabase): Promise<Table> {
  const { rounds } = context
  const paths = await storeOthers(database)
  const ways: Way[] = [
    { name: 'without blocks (`serve --only api,redirect`)', roles: ['api', 'redirect'], reports: [], blocks: 0 },
    { name: 'with blocks (`serve`)', roles: [], reports: [], blocks: 0 },
  ]
  const bothTurns = [ways, ways.toReversed()]
  for (let round = 0; round < rounds; round += 1) {
    for (const way of bothTurns[round % 2] ?? []) await measure(context, database, way, paths, round)
  }
  const [without, withBlocks] = ways.map(({ reports }) => reports.map(({ perSecond }) => perSecond))
  const ratio = median((withBlocks ?? []).map((rate, round) => rate / (without?.[round] ?? Number.NaN)))
  return {
    title: `${database.name}, ${connections} connections: 1 hot link, 1,000 others`,
    columns: ['server', 'redirects/s', 'p99 ms', 'blocks made meanwhile', 'ratio', 'asked'],
    rows: ways.map(({ name, reports, blocks }, nth) => [
      name,
      Math.round(median(reports.map(({ perSecond }) => perSecond))).toLocaleString('en'),
      median(reports.map(({ p99 }) => p99)).toFixed(1),
      String(blocks),
      nth === 0 ? '1.00' : ratio.toFixed(2),
      nth === 0 ? '' : atLeast(leastRatio, ratio),
    ]),
    notes: [
      `${rounds} turns of ${context.seconds} s each; the ratio is the median of the turns'. A block is made of ${chunkSize} visits, once for the link and once for the account.`,
    ],
  }
}

/** Each turn starts with no block missing, so that nobody pays for another's visits. */
async function measure(
  context: BenchContext,
  database: FilledDatabase,
  way: Way,
  paths: string[],
  round: number,
): Promise<void> {
  await makeMissing(database.db, database.ownerId)
  await database.db.pool.query('CHECKPOINT').catch(() => {})
  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-bench-spool-'))
  const env = { DATA_DIR: dataDir, TRUST_PROXY: '1', ...database.env }
  const server = await startOurs({ env }, way.roles)
  try {
    const { generator, seconds } = context
    const plan = { generator, port: server.port, paths, headers: {}, variants: visitors(2_000), connections }
    await context.load.measure({ ...plan, seconds: Math.min(2, seconds), first: 0 })
    const before = await blocksOf(database)
    const report = await context.load.measure({ ...plan, seconds, first: round * 1_000_003 })
    if (report.broken > 0 || Object.keys(report.statuses).some((code) => code !== '302'))
      throw new Error(JSON.stringify(report))
    way.blocks += (await blocksOf(database)) - before
    way.reports.push(report)
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function blocksOf({ db, ownerId }: FilledDatabase): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM visit_blocks WHERE user_id = $1',
    [ownerId],
  )
  return rows[0]?.count ?? 0
}
