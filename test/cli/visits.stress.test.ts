import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../support/command.js'
import { testDatabase } from '../support/database.js'
import { ndjson, untrackedRow } from '../support/wire-row.js'

it('imports and exports in memory that does not grow with the file, and stops quietly when its reader does', async () => {
  const { db } = await testDatabase()
  const rows = Array.from({ length: 42_000 }, (_, at) => untrackedRow({ query_string: `n=${at}&${'x'.repeat(4000)}` }))
  const text = ndjson(rows)
  const heapMb = 160
  expect(text.length).toBeGreaterThan(heapMb * 2 ** 20)
  const folder = await mkdtemp(join(tmpdir(), 'smart-link-visits-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'large.ndjson')
  const exporting = ['visits', 'export', '--user', '26', '--link', '21']
  await writeFile(file, text)
  const little = { nodeArgs: [`--max-old-space-size=${heapMb}`] }
  const imported = await runCommand(db, ['visits', 'import', file], little)
  expect(imported).toMatchObject({ status: 0, stderr: expect.stringContaining('Imported 42000 visits') })
  const exported = await runCommand(db, exporting, little)
  expect(exported).toMatchObject({ status: 0, stderr: 'Exported 42000 visits.\n' })
  expect(exported.stdout === text).toBe(true)
  const begun = await runCommand(db, exporting, { hangUp: true })
  expect(begun).toMatchObject({ status: 0, stderr: '' })
})
