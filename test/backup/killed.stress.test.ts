import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { runCommand } from '../support/command.js'
import { testDatabase } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'
import { contentOf, emptyDatabase, fill, folder, query, schemaOf } from './site.js'

/** Bytes of the content that are in. */
async function bytesOf(url: string): Promise<number> {
  const there = await query(url, `SELECT FROM pg_tables WHERE tablename = 'restore_state'`)
  if (there.length === 0) return 0
  const rows = await query(url, 'SELECT bytes FROM smart_link_restore.restore_state').catch(() => [])
  return Number(rows[0]?.bytes ?? 0)
}

it('a restore that is killed shows nothing, and goes on where it stopped until every row is there', async () => {
  const { db, url } = await testDatabase()
  await storeLinks(db, 7, 70)
  // Some dozen steps of 4 MB.
  for (let batch = 0; batch < 12; batch += 1) {
    await appendVisits(
      db,
      7,
      Array.from({ length: 1000 }, (_, at) => newVisit(70, { queryString: `${batch} ${at} ${'x'.repeat(4000)}` })),
    )
  }
  await fill(db)
  const [file, target] = [join(await folder(), 'large.backup'), await emptyDatabase()]
  // Flat memory: the content is 48 MB.
  const little = { nodeArgs: ['--max-old-space-size=60'] }
  expect(await runCommand(db, ['backup', file], little)).toMatchObject({ status: 0 })
  const kills = 3
  for (let kill = 0, reached = 0; kill < kills; kill += 1) {
    let child: ChildProcess | undefined
    const running = runCommand(db, ['restore', file], {
      ...little,
      env: { DATABASE_URL: target },
      started: (started) => {
        child = started
      },
    })
    await expect.poll(() => bytesOf(target), { interval: 5 }).toBeGreaterThan(reached)
    child?.kill('SIGKILL')
    const { stderr } = await running
    if (kill > 0) expect(stderr).toMatch(/^Going on with the backup of /)
    expect(await query(target, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)).toEqual([])
    // The session of the killed process ends by itself.
    const sessions = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'smart-link%'`
    await expect.poll(async () => (await query(target, sessions)).length).toBe(0)
    reached = await bytesOf(target)
  }
  expect(await runCommand(db, ['restore', file], { ...little, env: { DATABASE_URL: target } })).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/^Going on with the backup of /),
  })
  expect(await contentOf(target)).toEqual(await contentOf(url))
  expect(await schemaOf(target)).toEqual(await schemaOf(url))
})
