import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '../../../src/demo/random.js'
import { newWebhook } from '../../support/visits.js'
import { storeOthers, visitors } from '../capture.js'
import type { FilledDatabase } from '../fill.js'
import { startLoadClient } from '../load.js'
import type { LoadReport } from '../load-protocol.js'
import { bearer, type ServerProcess, startOurs } from '../servers.js'
import { exportAll } from './export.js'
import { type Follower, startFollower } from './follower.js'
import { startReceiver, type WebhookReceiver } from './receiver.js'

const pagesPerSecond = 50
const perPage = 15

/** One server, and all that goes on with it. */
export interface Mix {
  database: FilledDatabase
  server: ServerProcess
  follower: Follower
  receiver: WebhookReceiver
  /** Links whose visits a webhook is told of. */
  toldLinks: number[]
  /** What went wrong, and how often. Emptied after the peak, where the API may give way to clicks. */
  problems: Map<string, number>
  /** Clicks that were redirected so far. */
  redirected(): number
  /** Clicks at a rate, or as fast as they are answered, with random pages and one export meanwhile; feed and webhooks go on in any case. */
  together(seconds: number, rate?: number): Promise<{ clicks: LoadReport; pages: LoadReport }>
  close(): Promise<void>
}

/** The link that is paged through and exported is not clicked: it stays as long as it is. */
export async function openMix(database: FilledDatabase): Promise<Mix> {
  const problems = new Map<string, number>()
  const tell = (problem: string, times = 1) => problems.set(problem, (problems.get(problem) ?? 0) + times)
  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-soak-'))
  const paths = (await storeOthers(database)).filter((_, nth) => nth % 2 === 1)
  const receiver = await startReceiver()
  const toldLinks = await tellOf(database, receiver.url)
  const env = { DATA_DIR: dataDir, TRUST_PROXY: '1', DATABASE_URL: database.url, WEBHOOK_ALLOW_PRIVATE: 'on' }
  const server = await startOurs({ env })
  const { port } = server
  const headers = bearer(database.ownerId)
  const follower = startFollower({ port, headers, tell })
  const [clicking, paging] = [startLoadClient(), startLoadClient()]
  const generator = 'own' as const
  const clickPlan = { generator, port, paths, headers: {}, variants: visitors(2_000) }
  const pagePlan = { generator, port, paths: anyPages(database), headers, connections: 8, rate: pagesPerSecond }
  const next = { click: 0, page: 0 }
  let redirected = 0
  return {
    ...{ database, server, follower, receiver, toldLinks, problems },
    redirected: () => redirected,
    async together(seconds, rate) {
      const pace = rate === undefined ? {} : { rate }
      const [clicks, pages] = await Promise.all([
        clicking.measure({ ...clickPlan, ...pace, connections: 64, seconds, first: next.click }),
        paging.measure({ ...pagePlan, seconds, first: next.page }),
        exportAll({ port, headers, linkId: database.linkId, rows: database.rows }).catch((error: Error) =>
          tell(`export: ${error.message}`),
        ),
      ])
      next.click += clicks.requests
      next.page += pages.requests
      redirected += clicks.statuses[302] ?? 0
      tellOthers('a click', clicks, 302, tell)
      tellOthers('a page', pages, 200, tell)
      return { clicks, pages }
    },
    async close() {
      clicking.close()
      paging.close()
      await follower.stop()
      await server.stop()
      await receiver.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A delivery costs about what a click does: one link in twenty has a webhook. */
async function tellOf({ db, ownerId }: FilledDatabase, uri: string): Promise<number[]> {
  const webhook = await newWebhook(db, ownerId, uri)
  const { rows } = await db.pool.query<{ id: number }>(
    'UPDATE links SET webhook_id = $2 WHERE user_id = $1 AND id >= 1000 AND id % 20 = 0 RETURNING id::float8',
    [ownerId, webhook],
  )
  return rows.map(({ id }) => id)
}

function anyPages({ linkId, rows }: FilledDatabase): string[] {
  const random = new SeededRandom(7)
  const last = Math.ceil(rows / perPage)
  return Array.from({ length: 50_000 }, () => `/link/urls/${linkId}/visits?page=${1 + random.below(last)}`)
}

function tellOthers(what: string, report: LoadReport, wanted: number, tell: (problem: string, times: number) => void) {
  for (const [status, times] of Object.entries(report.statuses))
    if (Number(status) !== wanted) tell(`${what} was answered with ${status}`, times)
  if (report.broken > 0) tell(`the connection of ${what} broke`, report.broken)
}
