import { describe, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.js'
import { connect } from '../../src/database/connect.js'
import { startServer } from '../../src/server.js'
import { cleanUp, dataFolder } from '../database/embedded-site.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'

const failing = '20261129090000_resting_lanes'
const resolve = ['migrate', '--resolve', failing]

/** What a runner leaves whose script failed. */
const failOne = `
  UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0, logs = E'53 no\\nluck'
    WHERE migration_name = '${failing}';
  ALTER TABLE webhook_lanes DROP COLUMN is_resting`

describe('smart-link migrate --resolve', () => {
  it('applies a failed migration again, as the error says that keeps servers from starting', async () => {
    const { db, url } = await testDatabase()
    await db.pool.query(failOne)
    await expect(startServer(readConfig({ DATABASE_URL: url }))).rejects.toThrow(
      `Migrations are not applied: ${failing}. Run smart-link migrate.`,
    )
    expect(await runInProcess(db, ['migrate'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        RegExp(
          `^smart-link: The migration ${failing}, .* failed: 53 no luck\\. .*, run smart-link migrate --resolve ${failing}\\n$`,
        ),
      ),
    })
    expect(await runInProcess(db, resolve)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(RegExp(`\\nApplied ${failing}\\.\\n$`)),
    })
    expect(await runInProcess(db, ['migrate'])).toMatchObject({ status: 0, stderr: 'Nothing to migrate.\n' })
  })

  it('does so with the embedded database, which the server migrates', async () => {
    onTestFinished(cleanUp)
    const { db } = await testDatabase()
    const DATA_DIR = await dataFolder()
    const config = readConfig({ DATA_DIR })
    const first = await connect(config)
    await first.db.pool.query(failOne)
    await first.close()
    await expect(connect(config)).rejects.toThrow(RegExp(`run smart-link migrate --resolve ${failing}$`))
    const embedded = { env: { DATABASE_URL: '', DATA_DIR } }
    expect(await runInProcess(db, resolve, embedded)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(RegExp(`\\nApplied ${failing}\\.\\n$`)),
    })
    await (await connect(config)).close()
  })

  it('takes a migration as applied that somebody has finished by hand', async () => {
    const { db } = await testDatabase()
    await db.pool.query(failOne.replace(/ALTER.*/, ''))
    expect(await runInProcess(db, [...resolve, '--applied'])).toMatchObject({
      status: 0,
      stderr: 'Nothing to migrate.\n',
    })
    const { rows } = await db.pool.query(
      'SELECT finished_at IS NULL AS failed FROM _prisma_migrations WHERE migration_name = $1 ORDER BY started_at',
      [failing],
    )
    expect(rows).toEqual([{ failed: true }, { failed: false }])
  })

  it('refuses what has not failed, and --applied without a name', async () => {
    const { db } = await testDatabase()
    expect(await runInProcess(db, resolve)).toMatchObject({
      status: 1,
      stderr: `smart-link: The migration ${failing} has not failed: there is nothing to resolve\n`,
    })
    expect(await runInProcess(db, ['migrate', '--applied'])).toMatchObject({
      status: 1,
      stderr: 'smart-link: --applied says how to --resolve a migration: name it.\n',
    })
  })
})
