import Fastify from 'fastify'
import { expect, it } from 'vitest'
import type { Recorder } from '../src/capture/recorder.js'
import type { Database } from '../src/database/open.js'
import { healthRoutes } from '../src/health.js'
import { validateWithZod } from '../src/http/validate.js'
import { testApp } from './support/app.js'
import { until } from './support/until.js'

const ok = '{"status":"OK","code":200,"message":"OK","data":[]}'

it('both answer 200 without a token when all is well', async () => {
  const { app } = await testApp()
  for (const url of ['/health', '/ready', '/api/v2/ready/']) {
    const answer = await app.inject(url)
    expect([answer.statusCode, answer.body]).toEqual([200, ok])
  }
})

it('/ready is 503 while a migration is missing, and names it', async () => {
  const { app, db } = await testApp()
  const { rows } = await db.pool.query<{ migration_name: string }>(
    'DELETE FROM _prisma_migrations WHERE started_at = (SELECT max(started_at) FROM _prisma_migrations) RETURNING *',
  )
  const answer = await app.inject('/ready')
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '30'])
  expect(answer.json().message).toBe(`Migrations are not applied: ${rows[0]?.migration_name}. Run smart-link migrate.`)
  expect((await app.inject('/health')).statusCode).toBe(200)
})

it('/ready is 503 while the database is away, and /health is not', async () => {
  const { app, db, as } = await testApp()
  Object.assign(db.pool.options, { connectionString: 'postgresql://127.0.0.1:1/nowhere' })
  await db.pool.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {})
  for (const url of ['/ready', '/link/urls/1/visits']) {
    const answer = await app.inject({ url, headers: as(1) })
    expect([url, answer.statusCode, answer.headers['retry-after']]).toEqual([url, 503, '5'])
    expect(answer.body).toBe(
      '{"status":"ERROR","code":503,"message":"The database is not available. Try again soon.","data":[]}',
    )
  }
  expect((await app.inject('/health')).body).toBe(ok)
})

it('a hundred who ask /ready at once take one connection more, not a hundred', async () => {
  let asked = 0
  let looked = 0
  const app = Fastify()
  validateWithZod(app)
  const pool = { query: async () => asked++ }
  const recorder = { state: () => ({ spool: { problem: null } }) }
  healthRoutes(app, {
    db: { pool } as unknown as Database,
    recorder: recorder as unknown as Recorder,
    schemaProblem: async () => {
      looked++
      await until(() => asked % 100 === 0)
      return null
    },
  })
  const askHundred = () => Promise.all(Array.from({ length: 100 }, () => app.inject('/ready')))
  for (const answer of await askHundred()) expect(answer.body).toBe(ok)
  expect(looked).toBe(1)
  await askHundred()
  expect(looked).toBe(2)
})
