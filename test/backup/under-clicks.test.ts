import { join } from 'node:path'
import { expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { examineLog } from '../../src/visits/doctor.js'
import { runInProcess } from '../support/command-line.js'
import { openPatiently, testDatabase } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'
import { emptyDatabase, folder, query, restore } from './site.js'

it('a backup that is made while visits are stored is of one moment: counters and positions are as the rows say', async () => {
  const { db } = await testDatabase()
  await storeLinks(db, 3, 30, 31)
  await db.prisma.owner.updateMany({ data: { lastLinkId: 31 } })
  let isOver = false
  let stored = 0
  const storing = async (link: number) => {
    while (!isOver) {
      await appendVisits(db, 3, [newVisit(link), newVisit(link, { isBot: true })])
      stored += 2
    }
  }
  const writers = [storing(30), storing(31)]
  await expect.poll(() => stored).toBeGreaterThan(20)
  const [before, file] = [stored, join(await folder(), 'busy.backup')]
  expect(await runInProcess(db, ['backup', file])).toMatchObject({ status: 0 })
  const after = stored
  isOver = true
  await Promise.all(writers)
  expect(after).toBeGreaterThan(before)
  const target = await emptyDatabase()
  expect(await restore(db, target, file)).toMatchObject({ status: 0 })
  const restored = openPatiently({ url: target, connections: 2 })
  const problems: string[] = []
  const { signal } = new AbortController()
  await examineLog(restored, {
    repair: false,
    signal,
    report: ({ where, problem }) => problems.push(`${where}: ${problem}`),
  })
  await restored.close()
  expect(problems).toEqual([])
  const [row] = await query(target, 'SELECT sum(visits)::int AS visits FROM links WHERE user_id = 3')
  expect(row?.visits).toBeGreaterThanOrEqual(before)
  expect(row?.visits).toBeLessThan(stored)
})
