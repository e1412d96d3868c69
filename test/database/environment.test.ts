import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { examineServer } from '../../src/database/environment.js'
import { openDatabase } from '../../src/database/open.js'
import { startVictim } from '../faults/postgres.js'

async function problemsWith(settings: string[]) {
  const root = await mkdtemp(join(tmpdir(), 'smart-link-environment-'))
  const server = await startVictim(root, settings)
  onTestFinished(async () => {
    await server.kill()
    await rm(root, { recursive: true, force: true })
  })
  const db = openDatabase({ url: server.url, connections: 1 })
  const { problems } = await examineServer(db).finally(() => db.close())
  return problems
}

it('tells a PostgreSQL that loses visits from one that only grows slow, and finds nothing wrong with its defaults', async () => {
  expect(await problemsWith([])).toEqual([])
  expect(await problemsWith(['autovacuum=off', 'full_page_writes=off'])).toEqual([
    { isFault: true, text: 'full_page_writes is off: recorded visits may be lost when the machine goes down' },
    { isFault: false, text: 'autovacuum is off: the server slows down as rows that are no more pile up' },
  ])
})
