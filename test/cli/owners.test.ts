import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runInProcess } from '../support/command-line.js'
import { createDatabase, type TestDatabase, testDatabase } from '../support/database.js'

it('owners are created with the number after the largest or one of their own, and listed by number', async () => {
  const { db } = await testDatabase()
  const create = (...args: string[]) => runInProcess(db, ['owner', 'create', ...args])
  expect(await create('--name', 'Example Ltd')).toEqual({ status: 0, stdout: '1\n', stderr: '' })
  expect(await create('--id', '26')).toEqual({ status: 0, stdout: '26\n', stderr: '' })
  expect(await create('--name', 'a\u001b[31mb')).toMatchObject({ status: 0, stdout: '27\n' })
  expect(await create('--id', '26')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'smart-link: There is an owner 26 already.\n',
  })
  const { stdout } = await runInProcess(db, ['owner', 'list'])
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^NUMBER {2}NAME {9}CREATED$/)
  expect(lines.slice(1).map((line) => line.replace(/ {2,}/g, '|').replace(/[\d-]{10}T[\d:]{8}Z$/, 'TIME'))).toEqual([
    '1|Example Ltd|TIME',
    '26|-|TIME',
    '27|a?[31mb|TIME',
  ])
})

it('links of a new owner are numbered as those of one that a request has created', async () => {
  const { db } = await testDatabase()
  await runInProcess(db, ['owner', 'create', '--id', '26'])
  await runInProcess(db, ['owner', 'create', '--id', String(Number.MAX_SAFE_INTEGER)])
  const { rows } = await db.pool.query('SELECT id, last_link_id FROM owners ORDER BY id')
  expect(rows).toEqual([
    { id: '26', last_link_id: '26000' },
    { id: String(Number.MAX_SAFE_INTEGER), last_link_id: '0' },
  ])
})

describe('a number of an owner', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase(inject('templateName'))
  })
  afterAll(() => database?.drop())

  it.each(['0', '-1', '1.5', '9007199254740992', 'x'])('is not %s', async (id) => {
    const { db } = database
    const { status, stderr } = await runInProcess(db, ['owner', 'create', `--id=${id}`])
    expect([status, stderr]).toEqual([1, expect.stringContaining('give a positive number.')])
    expect((await db.pool.query('SELECT FROM owners')).rowCount).toBe(0)
  })
})
