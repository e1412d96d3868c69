import type { ChildProcess } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { testApp } from '../support/app.js'
import { runCommand } from '../support/command.js'
import { accountOf, addVisits, fillAccount } from '../support/copies.js'
import { otherServer } from '../support/other-server.js'

describe.each([
  ['another Smart Link server', false, [2, 4, 6, 7]],
  ['a server that knows no more than the hosted one', true, [3, 20, 160, 165]],
])('smart-link import api, from %s', (_, isHosted, kills) => {
  it('copies everything once, however often it is killed and run again, while visits arrive', async () => {
    const [site, target] = [await testApp(), await testApp()]
    await fillAccount(site)
    await addVisits(site.db, 20, 4400)
    const other = await otherServer(site, { isHosted })
    const command = ['import', 'api', '--endpoint', other.endpoint, '--rate', '999999']
    const token = site.as(26, 'visits:read visits:pii links:read').authorization.replace('Bearer ', '')
    const env = { SMART_LINK_TOKEN: token }
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
      expect(await runCommand(target.db, command, { env, started })).toMatchObject({
        status: null,
        stderr: '',
      })
    }
    other.before = () => undefined
    other.after = () => {}
    const finished = await runCommand(target.db, command, { env })
    expect(finished).toMatchObject({ status: 0, stdout: '' })
    expect(finished.stderr).toMatch(
      /^Copied \d+ visits of 4 links, 0 of them new, for owner 26; skipped \d+ that were there already, refused 0\.\n$/,
    )
    const seen = await accountOf(target, { withRecipients: !isHosted })
    const original = await accountOf(site, { withRecipients: !isHosted })
    expect({ ...seen, links: null }).toEqual({ ...original, links: null })
  })
})
