import { describe, expect, it } from 'vitest'
import { noteBackup } from '../../src/backup/record.js'
import { examineBackup } from '../../src/doctor/backup.js'
import { appendVisits } from '../../src/visits/append.js'
import { emptiedDatabase } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'

const emptied = emptiedDatabase()
const external = { databaseUrl: 'postgresql://db/x' }
const embedded = { databaseUrl: undefined }
const day = (text: string) => new Date(`${text}T12:00:00Z`)

describe('the age of the last backup', () => {
  it('warns when there is none of the embedded database, once it has visits', async () => {
    const { db } = await emptied()
    expect(await examineBackup(db, embedded)).toMatchObject({ level: 'ok', text: 'none, and no visits yet' })
    await storeLinks(db, 1, 10)
    await appendVisits(db, 1, [newVisit(10)])
    expect(await examineBackup(db, embedded)).toMatchObject({
      level: 'warn',
      text: 'there is none: run smart-link backup',
    })
    expect(await examineBackup(db, external)).toMatchObject({ level: 'ok' })
  })

  it('warns after a week, wherever the database is', async () => {
    const { db } = await emptied()
    await noteBackup(db, '00000000-0000-4000-8000-000000000001', day('2026-10-01'))
    await noteBackup(db, '00000000-0000-4000-8000-000000000002', day('2026-11-20'))
    for (const config of [external, embedded]) {
      expect(await examineBackup(db, config, day('2026-11-27'))).toEqual({
        level: 'ok',
        topic: 'backup',
        text: 'the last one is of 2026-11-20, 7 days old',
      })
      expect(await examineBackup(db, config, day('2026-11-28'))).toEqual({
        level: 'warn',
        topic: 'backup',
        text: 'the last one is of 2026-11-20, 8 days old: run smart-link backup',
      })
    }
  })
})
