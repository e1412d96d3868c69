/** What a person sees of each command: its process. Everything else about commands is tested without one. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { cleanUp, dataFolder, serverOf } from '../database/embedded-site.js'
import { type CommandOptions, type Finished, runCommand } from '../support/command.js'
import { runInProcess } from '../support/command-line.js'
import { createDatabase, type TestDatabase, testDatabase } from '../support/database.js'
import { storeLink } from '../support/visits.js'
import { ndjson, untrackedRow } from '../support/wire-row.js'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await createDatabase(inject('templateName'))
  folder = await mkdtemp(join(tmpdir(), 'smart-link-processes-'))
})
afterAll(async () => {
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

const run = (words: string, options: CommandOptions = {}) => runCommand(database.db, words.split(' '), options)

const time = /[\d-]{10}T[\d:]{8}Z/

describe('a command that is done ends with 0, its result on standard output and what it says on standard error:', () => {
  it('migrate', async () => {
    const empty = await createDatabase('template0')
    onTestFinished(empty.drop)
    const { status, stdout, stderr } = await runCommand(empty.db, ['migrate'])
    expect([status, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^Applied \w+(, \w+)*\.\n$/m)
  })

  it('owner create, owner list', async () => {
    expect(await run('owner create --id 7 --name Seven')).toEqual({ status: 0, stdout: '7\n', stderr: '' })
    const { status, stdout, stderr } = await run('owner list')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').map((line) => line.replace(time, 'TIME').split(/ {2,}/))).toEqual([
      ['NUMBER', 'NAME', 'CREATED'],
      ['7', 'Seven', 'TIME'],
      [''],
    ])
  })

  it('token create, token list, token revoke', async () => {
    const created = await run('token create --user 26 --create --name Shop')
    expect(created).toEqual({ status: 0, stdout: expect.stringMatching(/^[A-Za-z0-9]{40}\n$/), stderr: '' })
    const listed = await run('token list --user 26')
    expect([listed.status, listed.stderr, listed.stdout.split('\n').length]).toEqual([0, '', 3])
    const id = /^([\da-f-]{36}) {2}Shop /m.exec(listed.stdout)?.[1]
    const revoked = await run('token revoke', { input: created.stdout })
    expect(revoked).toEqual({ status: 0, stdout: '', stderr: `Token ${id} is revoked.\n` })
  })

  it('config', async () => {
    const { status, stdout, stderr } = await run('config')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^DATABASE_URL +postgresql:\/\/\S+ +environment$/m)
  })

  it('completion', async () => {
    const { status, stdout, stderr } = await run('completion bash')
    expect([status, stderr]).toEqual([0, ''])
    const asked = `COMP_WORDS=(smart-link token c); COMP_CWORD=2; _smart_link; echo "\${COMPREPLY[@]}"`
    expect(execFileSync('bash', ['-c', `${stdout}\n${asked}`], { encoding: 'utf8' })).toBe('create\n')
  })

  it('recipients import', async () => {
    await storeLink(database.db, 30, 1)
    const { status, stdout, stderr } = await run('recipients import - --user 30 --link 1 --result -', {
      input: 'mobile;name\n447700900801;Ann\n',
      env: { SHORT_URL: 'https://s.example.com' },
    })
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^mobile,name,token,short_url\r\n447700900801,Ann,(\w+),https:\/\/s\.example\.com\/\1\r\n$/,
      ),
    ])
    expect(stderr).toMatch(/\nCreated 1 recipient, found 0 that were there already, refused 0 rows\.\n$/)
  })

  it('visits import, visits export', async () => {
    const input = ndjson([untrackedRow({ user_id: '27', link_id: '21' })])
    expect(await run('visits import -', { input })).toEqual({
      status: 0,
      stdout: '',
      stderr: 'Imported 1 visits, skipped 0 that were there already, refused 0 lines.\n',
    })
    const exported = { status: 0, stdout: input, stderr: 'Exported 1 visits.\n' }
    expect(await run('visits export --user 27 --link 21')).toEqual(exported)
  })

  // `import api`: test/imports/api-command.test.ts.
  it('import shlink, import yourls', async () => {
    const said = 'Imported 1 visits, skipped 0 that were there already, refused 0 lines.\n'
    const shlink = 'Date,User agent,Visited URL\n2026-02-01T00:00:00+00:00,curl/8,https://s.example.com/spring\n'
    const yourls = '1,2026-02-01 00:00:00,spring,direct,curl/8,8.8.8.8,US\n'
    for (const [format, input] of Object.entries({ shlink, yourls })) {
      const finished = await run(`import ${format} - --user 28`, { input })
      expect([format, finished]).toEqual([format, { status: 0, stdout: '', stderr: said }])
    }
  })

  it('doctor', async () => {
    // It reports what is wrong with any owner of a database, so it has one of its own.
    const { db } = await testDatabase()
    const env = { DATA_DIR: join(folder, 'data') }
    const { status, stdout, stderr } = await runCommand(db, ['doctor'], { env })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^((ok {2}|warn) {1,2}\w+: .+\n){8,}$/)
  })

  it('the help', async () => {
    const { status, stdout, stderr } = await run('--help')
    expect([status, stderr]).toEqual([0, ''])
    const commands = ['serve', 'demo', 'migrate', 'owner', 'token', 'recipients', 'visits', 'import', 'doctor']
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
  })
})

describe('a command that is refused ends with 1, and says why in one line on standard error:', () => {
  it.each([
    ['by its options', 'owner create --id 0', /^error: option '--id <number>' argument '0' is invalid\. give .+\.\n$/],
    ['by itself', 'visits export --user 99 --link 9', /^smart-link: Owner 99 has no link 9\.\n$/],
  ])('%s', async (_, words, stderr) => {
    expect(await run(words)).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(stderr) })
  })
})

it('doctor ends with 1 when something is wrong, which is said on standard output', async () => {
  const finished = await run('doctor', { env: { PORT: 'http' } })
  expect(finished).toEqual({
    status: 1,
    stdout: 'fail configuration: PORT must be a port number from 0 to 65535\n',
    stderr: '',
  })
})

it('a command that there is not is refused, and without one the help is told', async () => {
  const other = await runInProcess(database.db, ['ownr', 'list'])
  expect(other).toEqual({ status: 1, stdout: '', stderr: "error: unknown command 'ownr'\n(Did you mean owner?)\n" })
  const none = await runInProcess(database.db, [])
  expect(none).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/^Usage: smart-link /) })
})

it('a file .env in the folder adds variables, and replaces none that is set', async () => {
  await writeFile(join(folder, '.env'), 'PORT=from-the-file\nMETRICS_PORT=from-the-file\n')
  onTestFinished(() => rm(join(folder, '.env')))
  const { stdout } = await run('doctor', { cwd: folder, env: { METRICS_PORT: '9000' } })
  expect(stdout).toBe('fail configuration: PORT must be a port number from 0 to 65535\n')
})

it('demo serves sample data with the token that it prints, and ends with 0 at SIGTERM with its database', async () => {
  const DATA_DIR = await dataFolder()
  onTestFinished(cleanUp)
  let finished: Promise<Finished> | undefined
  const [url, token, kill] = await new Promise<[string, string, () => void]>((resolve, reject) => {
    let said = ''
    finished = run('demo', {
      env: { DATA_DIR, PORT: '0' },
      started: (child) => {
        onTestFinished(() => void child.kill('SIGKILL'))
        child.stdout?.on('data', (text: string) => {
          said += text
          const [, page = '', word = ''] = /^ {2}curl -H 'Authorization: Bearer (\S+)' (\S+)$/m.exec(said) ?? []
          if (word !== '') resolve([word, page, () => child.kill('SIGTERM')])
        })
      },
    })
    finished.then(({ stderr }) => reject(new Error(stderr)), reject)
  })
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.json()).toMatchObject({ code: 200, message: 'Visits', meta: { from: 1 } })
  kill()
  expect(await finished).toMatchObject({ status: 0, stderr: '' })
  expect(await serverOf(join(DATA_DIR, 'demo'))).toBeNull()
})
