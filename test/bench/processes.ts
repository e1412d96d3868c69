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
/** Of each process: what one does beside the other is compared with what it does alone. */
const clicksPerSecond = 500
const owners = 8
const linksOfEach = 125

interface Way {
  name: string
  processes: number
  paths: string[]
  turns: Turn[]
}

interface Turn {
  perSecond: number
  p99: number
  microseconds: number
}

/**
 * What a redirect costs one server process, and two of which each has as many: time on processors of the servers, without PostgreSQL and
 * the load. They share our cores, so that rates could not show what two give elsewhere.
 */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) {
    const title = `${database.name}, ${context.smoke ? 100 : clicksPerSecond} openings a second for each process`
    if (existsSync('/proc/self/stat')) tables.push(await growth(context, database, title))
    else tables.push({ title, columns: [], rows: [], notes: ['Skipped: /proc is not there.'] })
  }
  return tables
}

async function growth(context: BenchContext, database: FilledDatabase, title: string): Promise<Table> {
  const links = [
    { of: 'one owner: 1 hot link, 1,000 others', paths: await storeOthers(database) },
    { of: `${owners} owners with ${linksOfEach} links each`, paths: await storeOwners(database) },
  ]
  const pairs = links.map(({ of, paths }): [Way, Way] => [
    { name: `one, ${of}`, processes: 1, paths, turns: [] },
    { name: `two, ${of}`, processes: 2, paths, turns: [] },
  ])
  const clients: Clients = [context.load, startLoadClient()]
  try {
    for (let round = 0; round < context.rounds; round += 1) {
      for (const way of round % 2 === 0 ? pairs.flat() : pairs.flat().toReversed())
        way.turns.push(await turn(context, database, { way, round, clients }))
    }
  } finally {
    clients[1].close()
  }
  const isKept = pairs
    .flat()
    .every(({ processes, turns }) => figure(turns, 'perSecond') >= leastOfRate * rateOf(context, processes))
  return {
    title,
    columns: ['server processes', 'redirects/s', 'p99 ms', 'CPU of the servers, µs a redirect', 'of one', 'asked'],
    rows: pairs.flatMap(([one, two]) => {
      const ratio = median(
        two.turns.map(({ microseconds }, nth) => microseconds / (one.turns[nth]?.microseconds ?? Number.NaN)),
      )
      return [
        [...cells(one), '1.00', ''],
        [...cells(two), ratio.toFixed(2), atMost(mostGrowth, ratio)],
      ]
    }),
    notes: [
      `${context.rounds} turns of ${context.seconds} s each, in both orders; the ratio is the median of the turns'. Where each process has a core, two at a ratio of r give 2 / r times the redirects of one.`,
      ...(isKept
        ? []
        : ['The rate was not kept: the machine had too much to do, and costs of different rates are compared.']),
    ],
  }
}

const rateOf = ({ smoke }: BenchContext, processes: number) => processes * (smoke ? 100 : clicksPerSecond)

const figure = (turns: Turn[], of: keyof Turn) => median(turns.map((turn) => turn[of]))

const cells = ({ name, turns }: Way) => [
  name,
  Math.round(figure(turns, 'perSecond')).toLocaleString('en'),
  figure(turns, 'p99').toFixed(1),
  figure(turns, 'microseconds').toFixed(0),
]

/** @returns paths of their links, the owners in turn */
async function storeOwners({ db, ownerId }: FilledDatabase): Promise<string[]> {
  const ids = Array.from({ length: owners }, (_, nth) => ownerId + 1_000 + nth)
  const links = Array.from({ length: linksOfEach }, (_, nth) => nth + 1).flatMap((id) =>
    ids.map((userId) => ({ userId, id, token: `of${userId}n${id}` })),
  )
  await db.prisma.owner.createMany({ data: ids.map((id) => ({ id, lastLinkId: linksOfEach })), skipDuplicates: true })
  await db.prisma.link.createMany({
    data: links.map((link) => ({ ...link, longUrl: `https://example.com/${link.token}` })),
    skipDuplicates: true,
  })
  await db.prisma.token.createMany({
    data: links.map(({ userId, id, token }) => ({ userId, linkId: id, token })),
    skipDuplicates: true,
  })
  await db.pool.query('ANALYZE owners, links, tokens')
  return links.map(({ token }) => `/${token}`)
}

/** Two in any case: half of the load comes from each. */
type Clients = [LoadClient, LoadClient]

interface TurnPlan {
  way: Way
  round: number
  clients: Clients
}

/** @throws when a click was not redirected: such a figure means nothing */
async function turn(context: BenchContext, database: FilledDatabase, { way, round, clients }: TurnPlan): Promise<Turn> {
  const { seconds } = context
  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-bench-spool-'))
  const env = { DATA_DIR: dataDir, TRUST_PROXY: '1', DATABASE_URL: database.url }
  const servers: ServerProcess[] = []
  const click = (duration: number, first: number): Promise<LoadReport[]> =>
    Promise.all(
      clients.map(({ measure }, nth) =>
        measure({
          generator: 'own',
          port: servers[nth % servers.length]?.port ?? 0,
          ...{ paths: way.paths, headers: {}, variants: visitors(2_000), connections, seconds: duration },
          rate: rateOf(context, way.processes) / clients.length,
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
