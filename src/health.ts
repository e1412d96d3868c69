import type { FastifyInstance } from 'fastify'
import type { Recorder } from './capture/recorder.js'
import type { Database } from './database/open.js'
import { success } from './http/envelope.js'
import { HttpError } from './http/errors.js'

export interface HealthDeps {
  db: Database
  recorder: Recorder
  pendingMigrations: () => Promise<string[]>
}

/**
 * `/health`: the process is alive. `/ready`: the database answers and is migrated, and the spool would take visits if it
 * did not, so requests can be served.
 */
export function healthRoutes(app: FastifyInstance, { db, recorder, pendingMigrations }: HealthDeps): void {
  // Anyone may ask, and each answer takes a connection: all who ask at once get the same one.
  let asking: Promise<string[]> | null = null
  const pendingNow = () => {
    asking ??= pendingMigrations().finally(() => {
      asking = null
    })
    return asking
  }
  app.get('/health', async () => success('OK', []))
  app.get('/ready', async () => {
    const { problem } = recorder.state().spool
    if (problem !== null) throw notReady(`Visits cannot be spooled: ${problem}.`)
    await db.pool.query('SELECT')
    const pending = await pendingNow()
    if (pending.length > 0) {
      throw notReady(`Migrations are not applied: ${pending.join(', ')}. Run smart-link migrate.`)
    }
    return success('OK', [])
  })
}

const notReady = (message: string) => new HttpError(503, message, { headers: { 'retry-after': '30' } })
