import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { migrateCommand } from '../../src/cli/migrate.js'
import { readConfig } from '../../src/config.js'
import { connect } from '../../src/database/connect.js'
import { startServer } from '../../src/server.js'
import { cleanUp, dataFolder, query } from '../database/embedded-site.js'
import { testDatabase } from '../support/database.js'

const failing = '20261129090000_resting_lanes'

/** The command in this process, on what the variables say. */
async function migrate(env: Record<string, string>, ...args: string[]): Promise<string[]> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const lines: string[] = []
  const said = vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line))
  try {
    await migrateCommand().exitOverride().parseAsync(args, { from: 'user' })
  } finally {
    said.mockRestore()
    vi.unstubAllEnvs()
  }
  return lines
}

/** What a runner leaves whose script failed. */
const failOne = `
  UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0, logs = E'53 no\\nluck'
    WHERE migration_name = '${failing}';
  ALTER TABLE webhook_lanes DROP COLUMN is_resting`

describe('smart-link migrate --resolve', () => {
  it('applies a failed migration again, as the error says that keeps servers from starting', async () => {
    const { db, url } = await testDatabase()
    await db.pool.query(failOne)
    const env = { DATABASE_URL: url }
    await expect(startServer(readConfig(env))).rejects.toThrow(
      'The database is not migrated: run smart-link migrate first.',
    )
    await expect(migrate(env)).rejects.toThrow(
      new RegExp(
        `^The migration ${failing}, .* failed: 53 no luck\\. .*, run smart-link migrate --resolve ${failing}$`,
      ),
    )
    expect((await migrate(env, '--resolve', failing)).at(-1)).toBe(`Applied ${failing}.`)
    expect(await migrate(env)).toEqual(['Nothing to migrate.'])
  })

  it('does so with the embedded database, which the server migrates', async () => {
    onTestFinished(cleanUp)
    const DATA_DIR = await dataFolder()
    const config = readConfig({ DATA_DIR })
    const first = await connect(config)
    await first.db.pool.query(failOne)
    await first.close()
    const env = { DATABASE_URL: '', DATA_DIR }
    await expect(connect(config)).rejects.toThrow(new RegExp(`run smart-link migrate --resolve ${failing}$`))
    expect((await migrate(env, '--resolve', failing)).at(-1)).toBe(`Applied ${failing}.`)
    await (await connect(config)).close()
  })

  it('takes a migration as applied that somebody has finished by hand', async () => {
    const { db, url } = await testDatabase()
    await db.pool.query(failOne.replace(/ALTER.*/, ''))
    expect(await migrate({ DATABASE_URL: url }, '--resolve', failing, '--applied')).toEqual(['Nothing to migrate.'])
    const rows = await query(
      url,
      `SELECT finished_at IS NULL AS failed FROM _prisma_migrations WHERE migration_name = '${failing}'`,
    )
    expect(rows).toEqual([{ failed: true }, { failed: false }])
  })

  it('refuses what has not failed, and --applied without a name', async () => {
    const { url } = await testDatabase()
    await expect(migrate({ DATABASE_URL: url }, '--resolve', failing)).rejects.toThrow(/has not failed/)
    await expect(migrate({ DATABASE_URL: url }, '--applied')).rejects.toThrow(/^--applied says how to --resolve/)
  })
})
