import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { blankSetAside } from '../../src/capture/spool-erasure.js'
import { decodeSegment, encodeRecord } from '../../src/capture/spool-record.js'
import { erasePerson } from '../../src/erasures/erase.js'
import { openErasureRemoval, removeOldErasures } from '../../src/erasures/removal.js'
import { emptiedDatabase } from '../support/database.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'

const database = emptiedDatabase()

/** Link 20 of owners 1 and 2, sent to two people; the first of owner 1 was erased. */
async function erasedSite() {
  const { db } = await database()
  for (const owner of [1, 2]) {
    await storeLink(db, owner, 20)
    await storeRecipients(db, owner, 20, ['447700900123', '447700900124'], [`o${owner}a`, `o${owner}b`])
  }
  await erasePerson(db, 1, '+44 7700 900123', null)
  return db
}

const personal = {
  clientIp: '10.0.0.7',
  queryString: 'name=Jo',
  options: { bot: true, bot_reason: 'agent', note: 'Jo' },
}
const setAside = (ownerId: number, recipientId: number | null) => ({
  ownerId,
  visit: newVisit(20, { ...personal, recipientId }),
})

it('visits in .bad files that are of an erased person say nothing of them any more, and all others stay', async () => {
  const db = await erasedSite()
  const directory = await mkdtemp(join(tmpdir(), 'smart-link-spool-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const erased = setAside(1, 1)
  const others = [setAside(1, 2), setAside(2, 1), setAside(1, null)]
  const foreign = { ...setAside(1, 1), version: 'another' }
  const foreignOther = { ...setAside(1, 2), version: 'another' }
  const records = [foreign, foreignOther, erased, ...others].map((record) => encodeRecord(record))
  const damaged = Buffer.from('0badc0de 12 a damaged line\n')
  const torn = Buffer.from('0badc0de 99 {"ownerId"')
  const path = join(directory, 'one.bad')
  await writeFile(path, Buffer.concat([damaged, ...records, torn]))

  expect(await blankSetAside(db, directory, 0)).toBe(2)
  const bytes = await readFile(path)
  const { visits, foreign: kept, tornBytes } = decodeSegment(bytes)
  const blank = { clientIp: null, queryString: null, options: { bot: true, bot_reason: 'agent' } }
  expect(visits).toEqual([{ ...erased, visit: { ...erased.visit, ...blank } }, ...others])
  const text = kept.map((record) => JSON.parse(record.toString().replace(/^\S+ \S+ /, '')))
  expect(text).toMatchObject([
    { version: 'another', visit: { ...blank, id: foreign.visit.id } },
    { version: 'another', visit: personal },
  ])
  expect([bytes.subarray(0, damaged.length), bytes.subarray(-torn.length), tornBytes]).toEqual([
    damaged,
    torn,
    torn.length,
  ])

  expect(await blankSetAside(db, directory, 0)).toBe(0)
  expect(await readFile(path)).toEqual(bytes)
  expect(await readdir(directory)).toEqual(['one.bad'])
})

it('records of erasures are removed after as many days as those of reads, unless they are not finished, and what was blanked stays blank', async () => {
  const db = await erasedSite()
  await erasePerson(db, 1, '447700900124', null)
  await erasePerson(db, 2, '447700900123', null)
  const age = `UPDATE erasures SET created_at = now() - interval '40 days',`
  await db.pool.query(`${age} erased_at = now() - interval '31 days' WHERE user_id = 1`)
  await db.pool.query(`INSERT INTO erasures (user_id, id, mobile_hash) VALUES (1, gen_random_uuid(), '\\x00')`)
  await db.pool.query(`${age} erased_at = NULL WHERE mobile_hash = '\\x00'`)
  const left = async () => {
    const { rows } = await db.pool.query(
      'SELECT user_id::int AS owner, erased_at IS NULL AS is_open FROM erasures ORDER BY 1, 2',
    )
    return rows.map(({ owner, is_open }) => [owner, is_open])
  }
  expect(await removeOldErasures(db, 30, 1)).toBe(true)
  expect(await left()).toHaveLength(3)
  const removal = openErasureRemoval({ db, auditDays: 30, log: { error: () => {} } })
  await expect.poll(left).toEqual([
    [1, true],
    [2, false],
  ])
  await removal.close()
  expect(await removeOldErasures(db, 30)).toBe(false)
  const { rows } = await db.pool.query('SELECT mobile FROM recipients WHERE user_id = 1')
  expect(rows).toEqual([{ mobile: null }, { mobile: null }])
})
