import { expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { runCommand } from '../support/command.js'
import { testDatabase } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'

async function log() {
  const { db } = await testDatabase()
  await storeLinks(db, 26, 21)
  await db.prisma.owner.updateMany({ data: { lastLinkId: 21 } })
  await appendVisits(db, 26, [newVisit(21), newVisit(21, { isBot: true }), newVisit(21)])
  return db
}

it('says which counters are wrong, repairs them when told to, and is silent afterwards', async () => {
  const db = await log()
  expect(await runCommand(db, ['doctor'])).toEqual({
    status: 0,
    stdout: '',
    stderr: 'Checked 1 owners with 1 links: all sound.\n',
  })
  await db.pool.query('UPDATE links SET visits = 7, human_visits = 1')
  const finding = 'link 21 of owner 26: visits is 7, the rows say 3; human_visits is 1, the rows say 2'
  expect(await runCommand(db, ['doctor'])).toEqual({
    status: 1,
    stdout: `${finding}\n`,
    stderr: 'Checked 1 owners with 1 links: 1 findings, 0 repaired.\n',
  })
  expect(await runCommand(db, ['doctor', '--repair'])).toEqual({
    status: 0,
    stdout: `${finding} (repaired)\n`,
    stderr: 'Checked 1 owners with 1 links: 1 findings, 1 repaired.\n',
  })
  expect(await runCommand(db, ['doctor'])).toMatchObject({ status: 0, stdout: '' })
})

it('says what cannot be repaired, also with --repair, and that PostgreSQL may lose what it has stored', async () => {
  const db = await log()
  await db.pool.query(`
    ALTER TABLE visits DISABLE TRIGGER USER;
    DELETE FROM visits WHERE seq = 2;
    ALTER TABLE visits ENABLE TRIGGER USER`)
  const { rows } = await db.pool.query<{ name: string }>('SELECT current_database() AS name')
  await db.pool.query(`ALTER DATABASE ${rows[0]?.name} SET synchronous_commit = off`)
  expect(await runCommand(db, ['doctor', '--repair'])).toEqual({
    status: 1,
    stdout: `database: synchronous_commit is off: recorded visits may be lost when the machine goes down
link 21 of owner 26: 1 visits are missing, the first 2: restore them from a backup, they are never renumbered
`,
    stderr: 'Checked 1 owners with 1 links: 2 findings, 0 repaired.\n',
  })
})
