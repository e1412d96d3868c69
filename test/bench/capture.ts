import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machines, people } from '../../src/demo/agents.js'
import { addressIn, networks } from '../../src/demo/networks.js'
import { SeededRandom } from '../../src/demo/random.js'
import { type CaseResult, median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import type { LoadPlan, LoadReport } from './load-protocol.js'
import { caseTable, type Table } from './report.js'
import { type ServerProcess, startOurs, startOwn } from './servers.js'

const connections = 64
const otherLinks = 1_000
const machineShare = 1 / 6

/** Opening short links, one hot and a thousand others, against a bare Fastify route that answers an empty 302. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await redirects(context, database))
  return tables
}

async function redirects(context: BenchContext, database: FilledDatabase): Promise<Table> {
  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-bench-spool-'))
  const running: ServerProcess[] = []
  try {
    const paths = await storeOthers(database)
    // Each click comes from the address that its proxy says.
    const env = { DATA_DIR: dataDir, TRUST_PROXY: '1', ...database.env }
    const ours = await startOurs({ ...database, env })
    running.push(ours)
    const bare = await startOwn('./bare.ts', { BODY_FILE: '/dev/null' })
    running.push(bare)
    const plan = { generator: context.generator, headers: {}, variants: visitors(2_000), connections }
    const stored = await visitsOf(database)
    const [ceiling, ours302] = await alternate(context, [
      { ...plan, port: bare.port, paths: ['/redirect'] },
      { ...plan, port: ours.port, paths },
    ])
    const answered = ours302.reduce((sum, { statuses }) => sum + (statuses[302] ?? 0), 0)
    const added = (await visitsOf(database)) - stored
    if (added !== answered) throw new Error(`${answered} clicks were answered, ${added} visits are stored`)
    const results = [
      result('bare Fastify, an empty 302', ceiling, ceiling),
      result('opening links: 1 hot, 1,000 others', ours302, ceiling),
    ]
    const title = `${database.name}, ${connections} connections, fsync and synchronous_commit on`
    const note = `Redirects answered: ${answered.toLocaleString('en')}; visits stored: ${added.toLocaleString('en')}.`
    return { ...caseTable(title, results), notes: [note] }
  } finally {
    for (const server of running.reverse()) await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Requests of the warm-up. */
const warmUp = 30_000
const smokeWarmUp = 500

/**
 * Both in turn in every round, after a warm-up that counts as answered but not as measured. Each sends as many requests as
 * it answered in such a time before, so that nothing is under way at the end: what is stored can be compared to the click.
 */
async function alternate(context: BenchContext, plans: [Plan, Plan]): Promise<[LoadReport[], LoadReport[]]> {
  const reports: [LoadReport[], LoadReport[]] = [[], []]
  let first = 0
  for (let round = 0; round <= context.rounds; round += 1) {
    for (const [nth, plan] of plans.entries()) {
      const before = reports[nth]?.at(-1)?.perSecond
      const amount = before === undefined ? (context.smoke ? smokeWarmUp : warmUp) : Math.ceil(before * context.seconds)
      const report = await context.load.measure({ ...plan, seconds: context.seconds, amount, first })
      const codes = Object.keys(report.statuses)
      if (report.broken > 0 || codes.some((code) => code !== '302')) throw new Error(JSON.stringify(report))
      reports[nth]?.push(report)
      first += report.requests + connections
    }
  }
  return reports
}

type Plan = Omit<LoadPlan, 'seconds' | 'amount' | 'first'>

function result(name: string, all: LoadReport[], ceiling: LoadReport[]): CaseResult {
  const reports = all.slice(1)
  return {
    name,
    perSecond: median(reports.map(({ perSecond }) => perSecond)),
    p50: median(reports.map(({ p50 }) => p50)),
    p99: median(reports.map(({ p99 }) => p99)),
    bytes: 0,
    ratio: median(reports.map(({ perSecond }, round) => perSecond / (ceiling[round + 1]?.perSecond ?? Number.NaN))),
  }
}

/** @returns paths to open: every other one is the hot link's */
export async function storeOthers({ db, ownerId, linkId }: FilledDatabase): Promise<string[]> {
  const links = Array.from({ length: otherLinks }, (_, n) => ({ id: 1_000 + n, token: `other${n}` }))
  await db.prisma.link.createMany({
    data: links.map((link) => ({ ...link, userId: ownerId, longUrl: `https://example.com/${link.id}` })),
    skipDuplicates: true,
  })
  const hot = { id: linkId, token: 'summer' }
  await db.prisma.token.createMany({
    data: [hot, ...links].map(({ id, token }) => ({ token, userId: ownerId, linkId: id })),
    skipDuplicates: true,
  })
  await db.pool.query(
    `UPDATE owners o SET last_link_id = (SELECT max(l.id) FROM links l WHERE l.user_id = o.id) WHERE o.id = $1`,
    [ownerId],
  )
  await db.pool.query('ANALYZE links, tokens')
  return links.flatMap(({ token }) => [`/${hot.token}`, `/${token}`])
}

/** Headers of the demo's visitors. */
export function visitors(count: number): Record<string, string>[] {
  const random = new SeededRandom(11)
  return Array.from({ length: count }, () => {
    const agent = random.weighted(random.next() < machineShare ? machines : people).make(random)
    const network = random.weighted(networks)
    return {
      ...agent.headers,
      'user-agent': agent.userAgent,
      'accept-language': `${network.language},en;q=0.5`,
      'x-forwarded-for': addressIn(network, random.below(2 ** network.hostBits)),
    }
  })
}

async function visitsOf({ db, ownerId }: FilledDatabase): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>('SELECT count(*)::int FROM visits WHERE user_id = $1', [
    ownerId,
  ])
  return rows[0]?.count ?? 0
}
