import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApp } from '../support/app.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'
import { ndjson, untrackedRow, wireRow } from '../support/wire-row.js'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smart-link-visits-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const exportOf = (link: string, ...more: string[]) => ['visits', 'export', '--user', '26', '--link', link, ...more]

it('carries a link from one server to another: export | import, and the pages are equal', async () => {
  const [source, target] = [await testApp(), await testApp()]
  const rows = [
    wireRow({ created_at: '2026-01-02 00:00:00' }),
    untrackedRow({ user_agent: '=1+1', options: { bot: true } }),
  ]
  const file = join(folder, 'visits.ndjson')
  await writeFile(file, ndjson(rows))
  expect(await runInProcess(source.db, ['visits', 'import', file])).toEqual({
    status: 0,
    stdout: '',
    stderr: 'Imported 2 visits, skipped 0 that were there already, refused 0 lines.\n',
  })
  const exported = await runInProcess(source.db, exportOf('21', '--format', 'csv'))
  expect(exported).toMatchObject({ status: 0, stderr: 'Exported 2 visits.\n' })
  await runInProcess(target.db, ['visits', 'import', '-', '--format', 'csv'], { input: exported.stdout })
  const [before, after] = await Promise.all(
    [source, target].map(({ app, as }) => app.inject({ url: '/link/urls/21/visits', headers: as(26) })),
  )
  expect(before?.json().data).toHaveLength(2)
  expect(after?.body).toBe(before?.body)
})

it('exports only what matches, as the API would, and as Parquet too', async () => {
  const { db } = await testDatabase()
  const file = join(folder, 'two.ndjson')
  await writeFile(file, ndjson([untrackedRow({ browser: 'Chrome' }), untrackedRow({ browser: 'Firefox' })]))
  await runInProcess(db, ['visits', 'import', file])
  const one = await runInProcess(db, exportOf('21', '--matching', 'filter[browser]=-Chrome'))
  expect(one).toMatchObject({ status: 0, stderr: 'Exported 1 visits.\n' })
  expect(JSON.parse(one.stdout)).toMatchObject({ browser: 'Firefox' })
  const { stdout } = await runInProcess(db, exportOf('21', '--format', 'parquet'))
  expect([stdout.slice(0, 4), stdout.slice(-4)]).toEqual(['PAR1', 'PAR1'])
})

it('reports bad lines on standard error and with the exit status, and stores the good ones', async () => {
  const { db } = await testDatabase()
  const input = `${ndjson([untrackedRow({ link_id: 5 })])}{\n${ndjson([untrackedRow({ client_ip: 'home' })])}`
  expect(await runInProcess(db, ['visits', 'import', '-', '--link', '21'], { input })).toEqual({
    status: 1,
    stdout: '',
    stderr: `line 2: is not valid JSON
line 3: client_ip must be an IP address
Imported 1 visits, skipped 0 that were there already, refused 2 lines.
`,
  })
  expect(await db.prisma.visit.count({ where: { linkId: 21 } })).toBe(1)
})

it('takes CSV by the name of the file', async () => {
  const { db } = await testDatabase()
  const file = join(folder, 'visits.CSV')
  await writeFile(file, 'id,created_at\n835b7433-0aaf-457c-88e7-7433b00d1234,2026-01-01 00:00:00\n')
  const finished = await runInProcess(db, ['visits', 'import', file, '--user', '26', '--link', '21'])
  expect(finished).toMatchObject({ status: 0, stderr: expect.stringContaining('Imported 1 visits') })
})

it.each<[string, string[], string]>([
  [
    'a file that is not there',
    ['visits', 'import', 'none.ndjson'],
    "smart-link: ENOENT: no such file or directory, open 'none.ndjson'\n",
  ],
  ['a folder', ['visits', 'import', tmpdir()], 'smart-link: EISDIR: illegal operation on a directory, read\n'],
  ['a link that is not there', exportOf('99'), 'smart-link: Owner 26 has no link 99.\n'],
  [
    'a missing option',
    ['visits', 'export', '--user', '26'],
    "error: required option '--link <number>' not specified\n",
  ],
  [
    'another format',
    exportOf('21', '--format', 'xml'),
    "error: option '--format <format>' argument 'xml' is invalid. Allowed choices are ndjson, csv, parquet.\n",
  ],
  [
    'a filter that is none',
    exportOf('21', '--matching', 'filter[os]=x&bot=no'),
    expect.stringContaining('There is no filter os.'),
  ],
])('says in one line what is wrong: %s', async (_, args, stderr) => {
  const { db } = await testDatabase()
  expect(await runInProcess(db, args)).toEqual({ status: 1, stdout: '', stderr })
})

it.each([['import'], ['export']])('explains visits %s', async (command) => {
  const { db } = await testDatabase()
  const { status, stdout } = await runInProcess(db, ['visits', command, '--help'])
  expect(status).toBe(0)
  expect(stdout).toContain('--format <format>')
})
