import type { FastifyInstance } from 'fastify'
import type { Database } from './database/open.js'
import { success } from './http/envelope.js'
import { HttpError } from './http/errors.js'

export interface HealthDeps {
  db: Database
  pendingMigrations: () => Promise<string[]>
}

/** `/health`: the process is alive. `/ready`: the database answers and is migrated, so requests can be served. */
export function healthRoutes(app: FastifyInstance, { db, pendingMigrations }: HealthDeps): void {
  app.get('/health', async () => success('OK', []))
  app.get('/ready', async () => {
    await db.pool.query('SELECT')
    const pending = await pendingMigrations()
    if (pending.length > 0) {
      throw new HttpError(503, `Migrations are not applied: ${pending.join(', ')}. Run smart-link migrate.`, {
        headers: { 'retry-after': '30' },
      })
    }
    return success('OK', [])
  })
}
