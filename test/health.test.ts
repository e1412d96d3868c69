import { expect, it } from 'vitest'
import { testApp } from './support/app.js'

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
  const { app, db } = await testApp()
  let most = 0
  const count = async () => {
    const { rows } = await db.pool.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name = ''",
    )
    most = Math.max(most, rows[0]?.count ?? 0)
  }
  const asked = Array.from({ length: 100 }, () => app.inject('/ready'))
  await Promise.all([...asked, ...Array.from({ length: 20 }, count)])
  for (const answer of await Promise.all(asked)) expect(answer.body).toBe(ok)
  expect(most).toBeLessThanOrEqual(1)
})
