import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeOthers, visitors } from './capture.js'
import { median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { type LoadClient, startLoadClient } from './load.js'
import type { LoadReport } from './load-protocol.js'
import { cpuSeconds } from './process-usage.js'
import { atMost, type Table } from './report.js'
import { type ServerProcess, startOurs } from './servers.js'

/** Two processes of which each has its own cores give 2 / 1.25 = 1.6 times one. */
const mostGrowth = 1.25

/** Share of the rate that must have been answered for costs to be comparable. */
const leastOfRate = 0.95

const connections = 32
const clicksPerSecond = 2_000

interface Way {
  name: string
  processes: number
  turns: Turn[]
}

interface Turn {
  perSecond: number
  p99: number
  microseconds: number
}

/**
 * What a redirect costs one server process, and two that share the same rate: time on processors of the servers, without PostgreSQL and
 * the load. Both share our cores with the servers, so that rates could not show what two give elsewhere.
 */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await growth(context, database))
  return tables
}

async function growth(context: BenchContext, database: FilledDatabase): Promise<Table> {
  const rate = context.smoke ? 200 : clicksPerSecond
  const title = `${database.name}, ${rate.toLocaleString('en')} openings a second: 1 hot link, 1,000 others`
  if (!existsSync('/proc/self/stat')) return { title, columns: [], rows: [], notes: ['Skipped: /proc is not there.'] }
  const paths = await storeOthers(database)
  const ways: Way[] = [
    { name: 'one', processes: 1, turns: [] },
    { name: 'two', processes: 2, turns: [] },
  ]
  const second = startLoadClient()
  try {
    for (let round = 0; round < context.rounds; round += 1) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed())
        way.turns.push(await turn(context, database, { way, paths, rate, round, clients: [context.load, second] }))
    }
  } finally {
    second.close()
  }
  const costs = ways.map(({ turns }) => turns.map(({ microseconds }) => microseconds))
  const ratio = median((costs[1] ?? []).map((cost, round) => cost / (costs[0]?.[round] ?? Number.NaN)))
  const figure = (turns: Turn[], of: keyof Turn) => median(turns.map((turn) => turn[of]))
  const isKept = ways.every(({ turns }) => figure(turns, 'perSecond') >= leastOfRate * rate)
  return {
    title,
    columns: ['server processes', 'redirects/s', 'p99 ms', 'CPU of the servers, µs a redirect', 'of one', 'asked'],
    rows: ways.map(({ name, turns }, nth) => [
      name,
      Math.round(figure(turns, 'perSecond')).toLocaleString('en'),
      figure(turns, 'p99').toFixed(1),
      figure(turns, 'microseconds').toFixed(0),
      ...(nth === 0 ? ['1.00', ''] : [ratio.toFixed(2), atMost(mostGrowth, ratio)]),
    ]),
    notes: [
      `${context.rounds} turns of ${context.seconds} s each, begun with one and with two alternately; the ratio is the median of the turns'. ` +
        `Where each process has a core, two give 2 / ${ratio.toFixed(2)} = ${(2 / ratio).toFixed(2)} times the redirects of one.`,
      ...(isKept
        ? []
        : ['The rate was not kept: the machine had too much to do, and costs of different rates are compared.']),
    ],
  }
}

interface TurnPlan {
  way: Way
  paths: string[]
  rate: number
  round: number
  /** Two in any case: half of the load comes from each. */
  clients: LoadClient[]
}

/** @throws when a click was not redirected: such a figure means nothing */
async function turn({ seconds }: BenchContext, database: FilledDatabase, plan: TurnPlan): Promise<Turn> {
  const { way, paths, rate, round, clients } = plan
  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-bench-spool-'))
  const env = { DATA_DIR: dataDir, TRUST_PROXY: '1', DATABASE_URL: database.url }
  const servers: ServerProcess[] = []
  const click = (duration: number, first: number): Promise<LoadReport[]> =>
    Promise.all(
      clients.map(({ measure }, nth) =>
        measure({
          generator: 'own',
          port: servers[nth % servers.length]?.port ?? 0,
          ...{ paths, headers: {}, variants: visitors(2_000), connections, seconds: duration },
          rate: rate / clients.length,
          first: first + nth * 500_009,
        }),
      ),
    )
  const spent = async () => {
    const each = await Promise.all(servers.map(({ pid }) => cpuSeconds(pid)))
    return each.reduce((sum, one) => sum + one, 0)
  }
  try {
    for (let nth = 0; nth < way.processes; nth += 1) servers.push(await startOurs({ env }))
    await click(Math.min(3, seconds), 0)
    const before = await spent()
    const reports = await click(seconds, 1_000_003 * (round + 1))
    const cost = (await spent()) - before
    for (const { statuses, broken } of reports) {
      if (broken > 0 || Object.keys(statuses).some((status) => status !== '302'))
        throw new Error(JSON.stringify({ statuses, broken }))
    }
    const sum = (of: 'requests' | 'perSecond') => reports.reduce((total, report) => total + report[of], 0)
    const p99 = Math.max(...reports.map((report) => report.p99))
    return { perSecond: sum('perSecond'), p99, microseconds: (cost * 1_000_000) / sum('requests') }
  } finally {
    for (const server of servers) await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
