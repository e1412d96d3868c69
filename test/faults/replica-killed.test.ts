import { expect, it } from 'vitest'
import { Reader } from '../support/visit-readers.js'
import { storedLog } from './ledger.js'
import { eventually, replicaSite } from './replica-site.js'
import { replicaKills } from './rounds.js'

const site = replicaSite()

it.each(replicaKills)(
  'reads on from the primary when the replica is killed or frozen under load, and from the replica when it is back, round %i',
  async (round) => {
    const { primary, replica, click } = site()
    const server = await site().server()
    await eventually(server.isReplicaUsable).toBe(true)
    const clicks = click(server)
    await eventually(() => clicks.answered.size).toBeGreaterThan(100)
    const writing = new AbortController()
    const reading = new Reader(server.address, server.headers).poll('/link/visits/feed', 9, writing.signal)
    await eventually(async () => (await server.reads()).answered).toBeGreaterThan(5)
    if (round % 2 === 1) await replica.kill()
    else await replica.freeze()
    await eventually(server.isReplicaUsable).toBe(false)
    const size = clicks.answered.size
    await eventually(() => clicks.answered.size).toBeGreaterThan(size + 100)
    await server.get('/link/urls/20/visits?page=2')
    await replica.thaw()
    await replica.start()
    await eventually(server.isReplicaUsable).toBe(true)
    const { answered } = await server.reads()
    await server.get(`/link/urls/20/visits?page=3&per_page=${round}`)
    await eventually(async () => (await server.reads()).answered).toBeGreaterThan(answered)
    await clicks.stop()
    const log = await storedLog(primary.url, 1)
    writing.abort()
    expect(await reading).toEqual(log.map(({ id }) => id))
    expect(server.log.filter((line) => line.includes('a replica is not read from')).length).toBeLessThanOrEqual(2)
  },
)

it('gives whole files while replay cancels what is read on the replica', async () => {
  const { primary, click } = site()
  const server = await site().server()
  await eventually(server.isReplicaUsable).toBe(true)
  const clicks = click(server)
  await eventually(() => clicks.answered.size).toBeGreaterThan(200)
  await clicks.stop()
  const stored = (await storedLog(primary.url, 1)).filter(({ link }) => link === 20).map(({ id }) => id)
  const download = async () => {
    const answer = await fetch(`${server.address}/link/urls/20/visits/export`, { headers: server.headers })
    const rows = (await answer.text()).trim().split('\n')
    expect(rows.map((row) => JSON.parse(row).id)).toEqual(stored)
  }
  while ((await server.reads()).failed === 0) {
    // What replays a lock that excludes everybody ends who reads there.
    const locks = primary.ask('BEGIN; LOCK TABLE visits; LOCK TABLE links; COMMIT')
    await Promise.all([...Array.from({ length: 6 }, download), locks])
  }
  await download()
  expect(server.log.join('\n')).toContain('a read from a replica failed')
})
