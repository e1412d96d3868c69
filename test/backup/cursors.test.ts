import { join } from 'node:path'
import { expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp } from '../support/app.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'
import { emptyDatabase, folder, query, restore } from './site.js'

const feed = '/link/urls/10/visits/feed'

it('after a restore a cursor of before the backup goes on, and one that was given after it is refused, in the same database too', async () => {
  const { db } = await testDatabase()
  const [url, file] = [await emptyDatabase(), join(await folder(), 'cursors.backup')]
  expect(await runInProcess(db, ['migrate'], { env: { DATABASE_URL: url } })).toMatchObject({ status: 0 })
  const opened = async () => {
    const site = await openApp({ databaseUrl: url })
    const read = async (cursor?: string) => {
      const answer = await site.app.inject({ url: cursor ? `${feed}?cursor=${cursor}` : feed, headers: site.as(1) })
      return { status: answer.statusCode, body: answer.json() }
    }
    return { ...site, read }
  }
  const first = await opened()
  await storeLinks(first.db, 1, 10)
  await appendVisits(first.db, 1, [newVisit(10), newVisit(10), newVisit(10)])
  const early = (await first.read()).body.meta.next_cursor
  expect(await runInProcess(db, ['backup', file], { env: { DATABASE_URL: url } })).toMatchObject({ status: 0 })
  await appendVisits(first.db, 1, [newVisit(10), newVisit(10)])
  const late = (await first.read(early)).body.meta.next_cursor
  await first.close()

  await query(url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  expect(await restore(db, url, file)).toMatchObject({ status: 0 })
  const again = await opened()
  const visits = [newVisit(10), newVisit(10)]
  await appendVisits(again.db, 1, visits)
  const going = await again.read(early)
  expect([going.status, going.body.data.map(({ id }: { id: string }) => id)]).toEqual([200, visits.map(({ id }) => id)])
  expect((await again.read(late)).status).toBe(409)
  await again.close()
})
