import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type TestApp, testApp } from '../support/app.js'
import { runCommand } from '../support/command.js'
import { runInProcess } from '../support/command-line.js'
import { fillAccount } from '../support/copies.js'
import { testDatabase } from '../support/database.js'
import { type OtherServer, otherServer } from '../support/other-server.js'

const sourceApp = () => testApp({ env: { RATE_LIMIT: '0' } })

const tokenOf = (site: TestApp) => site.as(26, 'visits:read visits:pii links:read').authorization.replace('Bearer ', '')

const commandFor = ({ endpoint }: OtherServer) => ['import', 'api', '--endpoint', endpoint, '--rate', '999999']

it('ends with 1 when it is interrupted, and says so', async () => {
  const { db } = await testDatabase()
  const site = await sourceApp()
  const other = await otherServer(site)
  let child: ChildProcess | undefined
  other.before = () => {
    child?.kill('SIGINT')
    return true
  }
  const env = { SMART_LINK_TOKEN: tokenOf(site) }
  const started = (process: ChildProcess) => {
    child = process
  }
  expect(await runCommand(db, commandFor(other), { env, started })).toEqual({
    status: 1,
    stdout: '',
    stderr: 'smart-link: Interrupted.\n',
  })
})

it('takes its token from a file as well, and says what is missing', async () => {
  const { db } = await testDatabase()
  const site = await sourceApp()
  await fillAccount(site)
  const other = await otherServer(site)
  const folder = await mkdtemp(join(tmpdir(), 'smart-link-token-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'token')
  await writeFile(file, `${tokenOf(site)}\n`)
  const without = await runInProcess(db, commandFor(other), { env: { SMART_LINK_TOKEN: '' } })
  expect(without).toEqual({
    status: 1,
    stdout: '',
    stderr: 'smart-link: An access token is needed: --token, --token-file or SMART_LINK_TOKEN.\n',
  })
  expect(await runCommand(db, [...commandFor(other), '--token-file', file])).toEqual({
    status: 0,
    stdout: '',
    stderr:
      'Copied 116 visits of 4 links, 4 of them new, for owner 26; skipped 0 that were there already, refused 0.\n',
  })
})

it('says in one line what is wrong, without the token', async () => {
  const { db } = await testDatabase()
  const site = await sourceApp()
  const other = await otherServer(site)
  const { status, stdout, stderr } = await runInProcess(db, [...commandFor(other), '--token', 'not-a-token'])
  expect([status, stdout, stderr.replace(/:\d+ /, ' ')]).toEqual([
    1,
    '',
    'smart-link: http://127.0.0.1 answers 401: Unauthenticated.\n',
  ])
  const wrong = await runInProcess(db, ['import', 'api', '--endpoint', 'ftp://x', '--zone', 'CET', '--token', 'x'])
  expect(wrong.stderr).toContain("'CET' is invalid. give UTC or an IANA time zone such as Europe/Berlin.")
})
