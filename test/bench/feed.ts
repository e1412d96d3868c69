import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { atLeast, type Table } from './report.js'
import { bearer, type ServerProcess, startOurs } from './servers.js'

const limit = 1000
const leastRowsPerSecond = 40_000

/** Whole feeds, read page by page over one connection: each page is asked for when the one before has arrived. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) {
    const server = await startOurs(database)
    try {
      tables.push(await feedsOf(context, database, server))
    } finally {
      await server.stop()
    }
  }
  return tables
}

async function feedsOf({ rounds }: BenchContext, database: FilledDatabase, server: ServerProcess): Promise<Table> {
  const feeds = [
    { name: 'the feed of a link', path: `/link/urls/${database.linkId}/visits/feed`, rates: [] as number[] },
    { name: 'the feed of the account', path: '/link/visits/feed', rates: [] as number[] },
  ]
  for (let round = 0; round < rounds; round += 1) {
    for (const { path, rates } of feeds) rates.push(await rowsPerSecond(database, server, path))
  }
  return {
    title: `${database.name}, link with ${database.rows.toLocaleString('en')} visits, pages of ${limit}`,
    columns: ['feed', 'rows/s', 'pages/s', 'asked'],
    rows: feeds.map(({ name, rates }) => {
      const rate = median(rates)
      return [name, Math.round(rate).toLocaleString('en'), (rate / limit).toFixed(1), atLeast(leastRowsPerSecond, rate)]
    }),
  }
}

/** @throws when a page is missing: the walk ends with the page that is not full */
async function rowsPerSecond({ ownerId, rows }: FilledDatabase, { port }: ServerProcess, path: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const headers = bearer(ownerId)
  const begin = performance.now()
  let pages = 0
  for (let cursor = ''; pages * limit < rows; pages += 1) {
    const url = `${path}?limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`
    const [answer] = (await once(request({ port, path: url, headers, agent }).end(), 'response')) as [IncomingMessage]
    const body = await buffer(answer)
    if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}: ${body.subarray(0, 200)}`)
    // Only the end of the page: the client must not cost more than the server.
    const next = /"next_cursor":"([\w-]+)"/.exec(body.toString('latin1', body.length - 500))?.[1]
    if (next === undefined || next === cursor) throw new Error(`${url} does not go on`)
    cursor = next
  }
  agent.destroy()
  return (rows * 1000) / (performance.now() - begin)
}
