import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Recorder } from './capture/recorder.js'
import { isDatabaseAway } from './database/errors.js'
import type { Database } from './database/open.js'
import { requireWritable } from './database/session.js'
import { emptySchema, success } from './http/envelope.js'
import { HttpError } from './http/errors.js'

export interface HealthDeps {
  db: Database
  /** Null where no clicks are recorded. */
  recorder: Pick<Recorder, 'state'> | null
  /** Whether the process can do without the database for a while: it opens links that it knows, and nothing else. */
  isPatient?: boolean
  /** What keeps this version from working with the schema; null when nothing does. */
  schemaProblem: () => Promise<string | null>
}

/**
 * `/health`: the process is alive. `/ready`: the database answers, takes writes and is migrated, and the spool would take
 * visits if it did not, so requests can be served. A process that is patient is ready while the database is away: nothing is better
 * when no link opens any more.
 */
export function healthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  const { db, recorder, isPatient = false, schemaProblem } = deps
  // Anyone may ask, and each answer takes a connection: all who ask at once get the same one.
  let asking: Promise<string | null> | null = null
  const problemNow = () => {
    asking ??= schemaProblem().finally(() => {
      asking = null
    })
    return asking
  }
  const readSchema = async () => {
    await requireWritable(db.pool)
    return problemNow()
  }
  const tags = ['Health']
  const alive = { operationId: 'health', summary: 'Whether the server is alive', tags, response }
  const ready = { operationId: 'ready', summary: 'Whether requests can be served', tags, response }
  app.get('/health', { schema: alive }, async () => success('OK', []))
  app.get('/ready', { schema: ready }, async () => {
    const spoolProblem = recorder?.state().spool.problem ?? null
    if (spoolProblem !== null) throw notReady(`Visits cannot be spooled: ${spoolProblem}.`)
    const problem = await (isPatient ? unlessAway(readSchema()) : readSchema())
    if (problem !== null) throw notReady(problem)
    return success('OK', [])
  })
}

/** None while the database is away, which may also mean that it is silent. */
async function unlessAway(reading: Promise<string | null>): Promise<string | null> {
  const away = reading.catch((error: unknown) => {
    if (isDatabaseAway(error)) return null
    throw error
  })
  return Promise.race([away, wait(patienceMs, null, { ref: false })])
}

const patienceMs = 1_000

const response = { 200: emptySchema('OK') }

const notReady = (message: string) => new HttpError(503, message, { headers: { 'retry-after': '30' } })
