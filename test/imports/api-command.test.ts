import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type TestApp, testApp } from '../support/app.js'
import { runCommand } from '../support/command.js'
import { runInProcess } from '../support/command-line.js'
import { accountOf, addVisits, fillAccount } from '../support/copies.js'
import { testDatabase } from '../support/database.js'
import { type OtherServer, otherServer } from '../support/other-server.js'

const sourceApp = () => testApp({ env: { RATE_LIMIT: '0' } })

const tokenOf = (site: TestApp) => site.as(26, 'visits:read visits:pii links:read').authorization.replace('Bearer ', '')

const commandFor = ({ endpoint }: OtherServer) => ['import', 'api', '--endpoint', endpoint, '--rate', '999999']

describe.each([
  ['another Smart Link server', false, [2, 4, 6, 7]],
  ['a server that knows no more than the hosted one', true, [3, 20, 160, 165]],
])('smart-link import api, from %s', (_, isHosted, kills) => {
  it('copies everything once, however often it is killed and run again, while visits arrive', async () => {
    const [site, target] = [await sourceApp(), await testApp()]
    await fillAccount(site)
    await addVisits(site.db, 20, 4400)
    const other = await otherServer(site, { isHosted })
    const env = { SMART_LINK_TOKEN: tokenOf(site) }
    let child: ChildProcess | undefined
    const started = (process: ChildProcess) => {
      child = process
    }
    for (const [round, last] of kills.entries()) {
      other.requests.length = 0
      // At an answer that has gone out the command is at work, at one that has not it waits.
      const kill = (nth: number) => nth === last && child?.kill('SIGKILL')
      other.after = round % 2 === 0 ? kill : () => {}
      other.before = async (nth) => {
        if (nth % 9 === 3) await addVisits(site.db, 20, 1)
        if (round % 2 === 1) kill(nth)
      }
      expect(await runCommand(target.db, commandFor(other), { env, started })).toMatchObject({
        status: null,
        stderr: '',
      })
    }
    other.before = () => undefined
    other.after = () => {}
    const finished = await runCommand(target.db, commandFor(other), { env })
    expect(finished).toMatchObject({ status: 0, stdout: '' })
    expect(finished.stderr).toMatch(
      /^Copied \d+ visits of 4 links, 0 of them new, for owner 26; skipped \d+ that were there already, refused 0\.\n$/,
    )
    const seen = await accountOf(target, { withRecipients: !isHosted })
    const original = await accountOf(site, { withRecipients: !isHosted })
    expect({ ...seen, links: null }).toEqual({ ...original, links: null })
  })
})

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
  expect(await runInProcess(db, [...commandFor(other), '--token-file', file])).toEqual({
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
