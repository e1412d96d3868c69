import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

it('smart-link import shlink and yourls store the visits of a file once, and count them', async () => {
  const { db } = await testDatabase()
  const shlink = ['import', 'shlink', fixture('shlink/non-orphan.csv'), '--user', '26']
  expect(await runInProcess(db, shlink)).toEqual({
    status: 0,
    stdout: '',
    stderr: 'Imported 5 visits, skipped 0 that were there already, refused 0 lines.\n',
  })
  expect(await runInProcess(db, shlink)).toMatchObject({
    stderr: 'Imported 0 visits, skipped 5 that were there already, refused 0 lines.\n',
  })
  const input = '1,2026-02-01 00:00:00,spring,direct,curl/8,8.8.8.8,US\n2,never,spring,direct,-,,\n'
  expect(
    await runInProcess(db, ['import', 'yourls', '-', '--user', '26', '--zone', 'Europe/Berlin'], { input }),
  ).toEqual({
    status: 1,
    stdout: '',
    stderr: `line 2: click_time must be a time of the calendar in Europe/Berlin such as 2026-01-31 12:00:00
Imported 1 visits, skipped 0 that were there already, refused 1 lines.
`,
  })
  expect(await db.prisma.link.findFirst({ where: { token: 'spring' } })).toMatchObject({ visits: 3n })
})

it('says in one line what is wrong', async () => {
  const { db } = await testDatabase()
  const other = await runInProcess(db, ['import', 'yourls', fixture('shlink/non-orphan.csv'), '--user', '26'])
  expect(other).toEqual({
    status: 1,
    stdout: '',
    stderr: 'smart-link: line 1: the header must name the columns clicktime, shorturl, useragent\n',
  })
  expect(await runInProcess(db, ['import', 'shlink', 'nothing.csv', '--user', '26'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('ENOENT'),
  })
})
