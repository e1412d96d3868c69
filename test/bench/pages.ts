import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '../../src/demo/random.js'
import { type Case, compare } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { caseTable, type Table } from './report.js'
import { bearer, startOurs, startOwn } from './servers.js'

const perPage = 15

/** Pages of a link's visits against a bare Fastify route that sends the same bytes. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await pagesOf(context, database))
  return tables
}

async function pagesOf(context: BenchContext, database: FilledDatabase): Promise<Table> {
  const ours = await startOurs(database)
  const folder = await mkdtemp(join(tmpdir(), 'smart-link-bench-body-'))
  try {
    const headers = bearer(database.ownerId)
    const address = `/link/urls/${database.linkId}/visits`
    const bodyFile = join(folder, 'body')
    await writeFile(bodyFile, await bodyOf(`http://127.0.0.1:${ours.port}${address}`, headers))
    const bare = await startOwn('./bare.ts', { BODY_FILE: bodyFile })
    try {
      const results = await compare(
        context,
        { name: 'bare Fastify, the same bytes ready-made', server: bare, paths: ['/ready-made'] },
        pageCases(address, database.rows).map(({ name, paths }) => ({ name, paths, server: ours, headers })),
      )
      return caseTable(`${database.name}, link with ${database.rows.toLocaleString('en')} visits`, results)
    } finally {
      await bare.stop()
    }
  } finally {
    await ours.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function pageCases(address: string, rows: number): Pick<Case, 'name' | 'paths'>[] {
  const last = Math.ceil(rows / perPage)
  const random = new SeededRandom(7)
  const anyPages = Array.from({ length: 50_000 }, () => `${address}?page=${1 + random.below(last)}`)
  return [
    { name: 'page 1', paths: [address] },
    { name: 'random pages', paths: anyPages },
    { name: 'last page', paths: [`${address}?page=${last}`] },
  ]
}

async function bodyOf(url: string, headers: Record<string, string>): Promise<Buffer> {
  const answer = await fetch(url, { headers })
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return Buffer.from(await answer.arrayBuffer())
}
