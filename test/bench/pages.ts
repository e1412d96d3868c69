import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '../../src/demo/random.js'
import { type Case, compare } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { caseTable, type Table } from './report.js'
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
      tables.push(await pages(context, site), await unchanged(context, site))
    })
  }
  return tables
}

async function pages(context: BenchContext, site: Site): Promise<Table> {
  const { database, ours, usual, address, headers } = site
  const last = Math.ceil(database.rows / perPage)
  const page = (number: number) => `${address}?page=${number}`
  const random = new SeededRandom(7)
  const anyPages = Array.from({ length: 50_000 }, () => page(1 + random.below(last)))
  const our = (name: string, paths: string[]): Case => ({ name, paths, server: ours, headers })
  // Autocannon would count no answer that takes longer than a round.
  const common = (name: string, number: number): Case => ({
    name,
    paths: [page(number)],
    server: usual,
    generator: 'own',
  })
  const results = await compare(
    context,
    { name: 'bare Fastify, the same bytes ready-made', server: site.bare, paths: ['/ready-made'] },
    [
      our('page 1, again and again', [address]),
      our('last page, again and again', [page(last)]),
      our('random pages', anyPages),
      common('the usual way, page 1', 1),
      common('the usual way, middle page', Math.ceil(last / 2)),
      common('the usual way, last page', last),
    ],
  )
  return caseTable(`${database.name}, link with ${database.rows.toLocaleString('en')} visits`, results)
}

/** A client that has page 1 already asks whether it is still true. */
async function unchanged(context: BenchContext, { database, ours, bare, tag, address, headers }: Site): Promise<Table> {
  const title = `${database.name}, page 1 unchanged (304)`
  if (tag === null) return { title, columns: [], rows: [], notes: ['Skipped: the server sends no ETag.'] }
  const results = await compare(
    context,
    { name: 'bare Fastify, an empty 304', server: bare, paths: ['/not-modified'], status: 304 },
    [{ name: 'page 1', server: ours, paths: [address], headers: { ...headers, 'if-none-match': tag }, status: 304 }],
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
