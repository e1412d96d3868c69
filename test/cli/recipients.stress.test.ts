import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../support/command.js'
import { testDatabase } from '../support/database.js'
import { storeLink } from '../support/visits.js'

const people = 60_000

/** Everybody twice, each row with a long text beside the number. */
function* rows(): Generator<string> {
  yield 'message;mobile\n'
  const text = `"Hello, ${'x'.repeat(2_000)}"`
  for (let at = 0; at < 2 * people; at++) yield `${text};${447_700_000_000 + (at % people)}\n`
}

it('imports recipients in memory that does not grow with the file, each of them once', async () => {
  const { db } = await testDatabase()
  await storeLink(db, 26, 21)
  const folder = await mkdtemp(join(tmpdir(), 'smart-link-recipients-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'people.csv')
  await pipeline(Readable.from(rows()), createWriteStream(file))
  const args = ['recipients', 'import', file, '--user', '26', '--link', '21']
  const { status, stderr } = await runCommand(db, args, { nodeArgs: ['--max-old-space-size=100'] })
  expect([status, stderr.trimEnd().split('\n').at(-1)]).toEqual([
    0,
    `Created ${people} recipients, found ${people} that were there already, refused 0 rows.`,
  ])
  expect(await db.prisma.recipient.count()).toBe(people)
})
