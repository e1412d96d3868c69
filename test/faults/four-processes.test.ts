import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/database/open.js'
import { pgbouncer, startBouncer } from '../support/pgbouncer.js'
import { startReceiver } from '../support/receiver.js'
import { newWebhook } from '../support/visits.js'
import { storedLog } from './ledger.js'
import { type Clicked, clickedServer, common, expectWhole, startReaders } from './many-servers.js'
import { processKills } from './rounds.js'
import { faultSite } from './site.js'

const site = faultSite()

describe('four servers on one database, one of them killed again and again,', () => {
  it('keep every answered click once, and show it to readers of another', { timeout: 600_000 }, async () => {
    await killOneOfFour({})
  })

  it.runIf(pgbouncer !== undefined)(
    'do so when they share the few connections of PgBouncer',
    { timeout: 600_000 },
    async () => {
      const { postgres } = site()
      const bouncer = await startBouncer(postgres.url)
      await killOneOfFour({ DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: postgres.url })
    },
  )
})

async function killOneOfFour(database: Record<string, string>): Promise<void> {
  const { postgres, server } = site()
  const start = () => server({ env: { ...common, ...database } })
  const clicked: Clicked[] = []
  for (let nth = 0; nth < 4; nth += 1) clicked.push(await clickedServer(start))
  const [first, second, third, fourth] = clicked
  if (!first || !second || !third || !fourth) throw new Error('there are four')
  const readers = [startReaders(third.current(), 1, 20), startReaders(fourth.current(), 2, 30)]
  for (const round of processKills) {
    await untilAllGoOn(clicked, 50)
    await (round % 2 === 0 ? first : second).restart()
  }
  await untilAllGoOn(clicked, 50)
  await Promise.all(clicked.map(({ stop }) => stop()))
  await expectWhole(site(), clicked)
  for (const { expectAll } of readers) await expectAll(postgres.url)
  for (const { current } of clicked) expect(await current().stop()).toBe(0)
}

it('does each part in processes of its own, which may be killed: api, redirect twice, work', async () => {
  const { postgres, server } = site()
  const receiver = await startReceiver()
  const db = openDatabase({ url: postgres.url, connections: 1 })
  const before = (await storedLog(postgres.url, 1)).length
  const webhook = await newWebhook(db, 1, receiver.url)
  await db.pool.query('UPDATE links SET webhook_id = $1 WHERE user_id = 1', [webhook])
  const start = (only: string) => () => server({ env: common, only })
  const clicked = [await clickedServer(start('redirect')), await clickedServer(start('redirect'))]
  const api = await start('api')()
  let work = await start('work')()
  const readers = startReaders(api, 1, 20)
  for (const round of processKills) {
    await untilAllGoOn(clicked, 50)
    await work.kill()
    await clicked[round % 2]?.restart()
    work = await start('work')()
  }
  await untilAllGoOn(clicked, 50)
  await Promise.all(clicked.map(({ stop }) => stop()))
  await expectWhole(site(), clicked)
  await readers.expectAll(postgres.url)
  // One that was killed had visits in hand; the next waits for as long as it may have taken over them.
  const log = (await storedLog(postgres.url, 1)).slice(before).map(({ id }) => id)
  const untold = () => {
    const told = new Set(receiver.messages().map(({ id }) => id))
    return log.filter((id) => !told.has(id))
  }
  await expect.poll(untold, { interval: 200 }).toEqual([])
  await db.close()
  for (const process of [...clicked.map(({ current }) => current()), api, work]) expect(await process.stop()).toBe(0)
})

/** Each of them answers so many clicks more. */
async function untilAllGoOn(clicked: Clicked[], clicks: number): Promise<void> {
  const before = clicked.map(({ answered }) => answered().size)
  const least = () => Math.min(...clicked.map(({ answered }, nth) => answered().size - (before[nth] ?? 0)))
  await expect.poll(least, { interval: 50 }).toBeGreaterThan(clicks)
}
