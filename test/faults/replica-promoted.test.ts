import { expect, it } from 'vitest'
import { cableTo } from '../support/cable.js'
import { expectKept, expectReplayed, storedLog } from './ledger.js'
import { eventually, replicaSite } from './replica-site.js'

const site = replicaSite()

interface Feed {
  data: { id: string }[]
  meta: { next_cursor: string }
}

it('keeps every answered click, and a feed every visit, when a synchronous replica is promoted in the middle of load', async () => {
  const { dataDir, primary, replica, click } = site()
  await primary.ask(`ALTER SYSTEM SET synchronous_standby_names = 'replica'`)
  await primary.ask('SELECT pg_reload_conf()')
  const isSynchronous = async () => {
    const states = await primary.ask<{ sync_state: string }>('SELECT sync_state FROM pg_stat_replication')
    return states.map(({ sync_state }) => sync_state)
  }
  await eventually(isSynchronous).toEqual(['sync'])

  const cable = await cableTo(primary.url)
  const server = await site().server({}, cable.url)
  await eventually(server.isReplicaUsable).toBe(true)
  const clicks = click(server)
  await eventually(() => clicks.answered.size).toBeGreaterThan(200)
  const received: string[] = []
  let isOver = false
  const follow = async () => {
    for (let cursor = ''; ; ) {
      const isLast = isOver
      const url = `${server.address}/link/visits/feed?limit=20${cursor}`
      // While there is no primary, it is told so, and asks again.
      const answer = await fetch(url, { headers: server.headers })
      if (answer.status === 409) throw new Error('the cursor is ahead of the log')
      if (answer.status !== 200) continue
      const { data, meta } = (await answer.json()) as Feed
      received.push(...data.map(({ id }) => id))
      cursor = `&cursor=${meta.next_cursor}`
      if (isLast && data.length === 0) return
    }
  }
  const following = follow()

  await primary.kill()
  cable.cut()
  const away = clicks.answered.size
  await eventually(() => clicks.answered.size).toBeGreaterThan(away + 50)
  await replica.ask('SELECT pg_promote()')
  cable.lead(replica.url)
  cable.mend()
  const back = clicks.answered.size
  await eventually(() => clicks.answered.size).toBeGreaterThan(back + 200)
  await clicks.stop()
  expect([...clicks.refused]).toEqual([])
  await expectReplayed(dataDir)
  await expectKept(replica.url, clicks.answered)
  isOver = true
  await following
  expect(received).toEqual((await storedLog(replica.url, 1)).map(({ id }) => id))
  // It is the primary now, and not read from as a replica.
  await eventually(() => server.log.some((line) => line.includes('it is no replica'))).toBe(true)
  expect(await server.isReplicaUsable()).toBe(false)
})
