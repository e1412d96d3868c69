import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runInProcess } from '../support/command-line.js'
import { createDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await createDatabase(inject('templateName'))
  folder = await mkdtemp(join(tmpdir(), 'smart-link-config-'))
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

/** What `config` says of each setting: its value and where it comes from. */
async function shown(env: Record<string, string>, ...options: string[]) {
  const { status, stdout, stderr } = await runInProcess(database.db, ['config', ...options], { env, folder })
  const lines = stdout.trimEnd().split('\n').slice(1)
  return {
    status,
    stderr,
    settings: Object.fromEntries(lines.map((line) => [line.split(' ')[0], line.split(/ {2,}/).slice(1)])),
  }
}

describe('smart-link config', () => {
  it('shows what is set, where, and no secret', async () => {
    await writeFile(join(folder, '.env'), 'PORT=4000\nRATE_LIMIT=5\nMETRICS_TOKEN=a-token-of-the-metrics\n')
    const { status, settings } = await shown({
      PORT: '3001',
      DATABASE_URL: 'postgresql://shop:s3cret@db.example.com/links?password=s3cret',
      REDIS_URL: 'redis://:s3cret@cache.example.com',
      NATS_URL: 'nats://a-token@queue-1.example.com,nats://queue-2.example.com',
      JWT_SECRET: 's3cret'.repeat(6),
    })
    expect(status).toBe(0)
    expect(settings).toMatchObject({
      PORT: ['3001', 'environment'],
      RATE_LIMIT: ['5', join(folder, '.env')],
      METRICS_TOKEN: ['***', join(folder, '.env')],
      DATABASE_URL: ['postgresql://shop:***@db.example.com/links?password=***', 'environment'],
      REDIS_URL: ['redis://:***@cache.example.com', 'environment'],
      NATS_URL: ['nats://***@queue-1.example.com,nats://queue-2.example.com', 'environment'],
      JWT_SECRET: ['***', 'environment'],
    })
    expect(settings.HOST).toBeUndefined()
  })

  it('shows defaults too with --all', async () => {
    expect((await shown({ CONFIG_FILE: '' }, '--all')).settings).toMatchObject({ HOST: ['127.0.0.1', 'default'] })
  })

  it('reads the file that CONFIG_FILE names instead of .env, and refuses one that is not there', async () => {
    await writeFile(join(folder, 'site.env'), 'RATE_LIMIT=9\n')
    const { settings } = await shown({ CONFIG_FILE: 'site.env' })
    expect(settings.RATE_LIMIT).toEqual(['9', join(folder, 'site.env')])
    const { status, stderr } = await shown({ CONFIG_FILE: 'none.env' })
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^smart-link: CONFIG_FILE cannot be read: ENOENT/)])
  })

  it('ends with 1 and says what is wrong', async () => {
    const { status, stderr, settings } = await shown({ PORT: 'http' })
    expect([status, stderr]).toEqual([1, 'smart-link: PORT must be a port number from 0 to 65535\n'])
    expect(settings.PORT).toEqual(['http', 'environment'])
  })
})
