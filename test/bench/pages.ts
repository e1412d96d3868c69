import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '../../src/demo/random.js'
import { type Case, compare } from './compare.js'
import type { BenchContext } from './context.js'
import { type FilledDatabase, fillShorter } from './fill.js'
import { atLeast, atMost, caseTable, comparisonTable, type Table } from './report.js'
import { bearer, type ServerProcess, startOurs, startOwn } from './servers.js'

const perPage = 15

/** One filled database and the processes that answer from it. */
interface Site {
  database: FilledDatabase
  ours: ServerProcess
  bare: ServerProcess
  usual: ServerProcess
  /** Of our server: where the pages are, and what a request for them carries. */
  address: string
  headers: Record<string, string>
  /** Entity tag of page 1; null when our server sends none. */
  tag: string | null
}

/** Pages of a link's visits against a bare Fastify route that sends the same bytes, and against the usual way. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) {
    await atSite(database, async (site) => {
      tables.push(...(await pages(context, site)), await unchanged(context, site))
    })
  }
  return tables
}

/** Near the start and near the end. */
const fewPages = 100
/** How long the log is that longer ones are compared with. */
const shortRows = 100_000
/** How long a log may be for the usual way to be measured on it. */
const mostUsualRows = 1_100_000

async function pages(context: BenchContext, site: Site): Promise<Table[]> {
  const { database, ours, usual, address, headers } = site
  const last = Math.ceil(database.rows / perPage)
  const page = (number: number) => `${address}?page=${number}`
  const our = (name: string, paths: string[], asked?: number): Case => ({
    name,
    paths,
    server: ours,
    headers,
    ...(asked !== undefined && { asked }),
  })
  // Autocannon would count no answer that takes longer than a round.
  const common = (name: string, number: number): Case => ({
    name,
    paths: [page(number)],
    server: usual,
    generator: 'own',
  })
  const bare = { name: 'bare Fastify, the same bytes ready-made', server: site.bare, paths: ['/ready-made'] }
  const [first, end, random] = [
    our('page 1, read each time', unlike(page(1))),
    // As many rows as the others: the last page may have fewer.
    our('the last whole page, read each time', unlike(page(Math.floor(database.rows / perPage)))),
    our('random pages', anyPages(address, last), 0.12),
  ]
  const usualEnd = common('the usual way, last page', last)
  // Page 1 read each time is the same rows each time, which every cache between here and the disk likes best.
  const [start, tail] = [
    our(`any of the first ${fewPages} pages`, anyPages(address, fewPages)),
    our(`any of the last ${fewPages} pages`, anyPages(address, fewPages, last - fewPages)),
  ]
  // Whose reads are noted (src/audit): what that costs is the difference to the same pages without.
  const audited = {
    ...our('random pages with whole numbers, noted in the audit', anyPages(address, last)),
    headers: bearer(database.ownerId, ['visits:read', 'visits:pii']),
  }
  const shorter = await shorterLink(site)
  // It counts and skips all rows for each answer: minutes, where there are more.
  const usually =
    database.rows > mostUsualRows
      ? []
      : [common('the usual way, page 1', 1), common('the usual way, middle page', Math.ceil(last / 2)), usualEnd]
  const answers = await compare(context, bare, [
    our('page 1, again and again', [address], 0.33),
    our('last page, again and again', [page(last)]),
    ...[random, audited, first, end, start, tail, ...shorter],
  ])
  // After ours, not between them: it reads all rows, so PostgreSQL's buffers would have to be filled again each time.
  const others = usually.length === 0 ? [] : (await compare(context, bare, usually)).slice(1)
  const results = [...answers, ...others]
  const found = (name: string) => results.find((result) => result.name === name)
  // Among ours, taken in turns, what the bare route did meanwhile would only add its own ups and downs.
  const rateOf = (name: string) => found(name)?.perSecond ?? Number.NaN
  const ratioOf = (name: string) => found(name)?.ratio ?? Number.NaN
  const spreadOf = (cases: Case[]) => {
    const rates = cases.map(({ name }) => rateOf(name))
    return Math.max(...rates) / Math.min(...rates)
  }
  const spread = spreadOf([first, random, end])
  const depth = spreadOf([start, random, tail])
  const gain = ratioOf(end.name) / ratioOf(usualEnd.name)
  return [
    caseTable(`${database.name}, link with ${count(database.rows)} visits`, results),
    comparisonTable(`${database.name}, compared`, [
      {
        what: 'page 1, random pages, last page, each read from the database: the fastest against the slowest',
        figure: spread,
        verdict: atMost(1.2, spread),
      },
      {
        what: 'the same with other rows each time: first pages, random pages, last pages',
        figure: depth,
        verdict: atMost(1.2, depth),
      },
      ...(usually.includes(usualEnd)
        ? [
            {
              what: 'last page: ours, read each time, against the usual way',
              figure: gain,
              verdict: atLeast(100, gain),
            },
          ]
        : []),
      {
        what: 'random pages: not noted in the audit against noted',
        figure: rateOf(random.name) / rateOf(audited.name),
        verdict: '',
      },
      ...shorter.map(({ name }) => {
        const slowdown = rateOf(name) / rateOf(random.name)
        const what = `random pages: a link with ${count(shortRows)} visits against this one`
        return { what, figure: slowdown, verdict: atMost(1.3, slowdown) }
      }),
    ]),
  ]
}

const count = (number: number) => number.toLocaleString('en')

function anyPages(address: string, count: number, before = 0): string[] {
  const random = new SeededRandom(7)
  return Array.from({ length: 50_000 }, (_, n) => `${address}?page=${before + 1 + random.below(count)}&n=${n}`)
}

/** The same page under addresses that differ, so that no answer is ready. */
const unlike = (path: string) => Array.from({ length: 50_000 }, (_, n) => `${path}&n=${n}`)

/** Random pages of a short log, where this one is longer. */
async function shorterLink({ database, ours, address }: Site): Promise<Case[]> {
  if (database.rows <= shortRows) return []
  const { ownerId } = await fillShorter(database, shortRows)
  const paths = anyPages(address, Math.ceil(shortRows / perPage))
  const name = `random pages of a link with ${count(shortRows)} visits`
  return [{ name, paths, server: ours, headers: bearer(ownerId) }]
}

/** A client that has page 1 already asks whether it is still true. */
async function unchanged(context: BenchContext, { database, ours, bare, tag, address, headers }: Site): Promise<Table> {
  const title = `${database.name}, page 1 unchanged (304)`
  if (tag === null) return { title, columns: [], rows: [], notes: ['Skipped: the server sends no ETag.'] }
  const results = await compare(
    context,
    { name: 'bare Fastify, an empty 304', server: bare, paths: ['/not-modified'], status: 304 },
    [
      {
        name: 'page 1',
        server: ours,
        paths: [address],
        headers: { ...headers, 'if-none-match': tag },
        status: 304,
        asked: 0.25,
      },
    ],
  )
  return caseTable(title, results)
}

async function atSite(database: FilledDatabase, work: (site: Site) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'smart-link-bench-body-'))
  const running: ServerProcess[] = []
  const started = async (starting: Promise<ServerProcess>) => {
    const server = await starting
    running.push(server)
    return server
  }
  try {
    const ours = await started(startOurs(database))
    const headers = bearer(database.ownerId)
    const address = `/link/urls/${database.linkId}/visits`
    const answer = await fetch(`http://127.0.0.1:${ours.port}${address}`, { headers })
    if (answer.status !== 200) throw new Error(`${address} answered ${answer.status}: ${await answer.text()}`)
    const file = join(folder, 'body')
    await writeFile(file, Buffer.from(await answer.arrayBuffer()))
    const bare = await started(startOwn('./bare.ts', { BODY_FILE: file }))
    const owner = { DATABASE_URL: database.url, OWNER_ID: String(database.ownerId) }
    const usual = await started(startOwn('./usual.ts', owner))
    await work({ database, ours, bare, usual, address, headers, tag: answer.headers.get('etag') })
  } finally {
    for (const server of running.reverse()) await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
