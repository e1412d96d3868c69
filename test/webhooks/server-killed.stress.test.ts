import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { answerWith, type Behaviour, type Receiver, startReceiver } from '../support/receiver.js'
import { startServerProcess } from '../support/server-process.js'
import { chromeOnMac } from '../support/visits.js'
import { deliverySites } from './site.js'

const deliverySite = deliverySites()

const clicks = 1000
const links = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

/** What is done to the nth request, in turns; the others are accepted. */
const faults: Record<number, Behaviour> = {
  3: answerWith(500),
  17: answerWith(302, { location: 'http://127.0.0.1:1/' }),
  31: (response) => response.destroy(),
  43: (response) => setTimeout(() => answerWith(200)(response, 0, nothing), 200),
  59: answerWith(404),
  // It hangs.
  71: () => {},
}
const isAccepted = (nth: number) => !(nth in faults) || nth === 43
const nothing = { method: '', url: '', headers: {}, body: '' }

/** It dies, and is there again when webhooks have found that out. */
async function dieAndComeBack({ server, port }: Receiver, isMissed: () => Promise<boolean>): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await expect.poll(isMissed).toBe(true)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
}

it('a receiver that fails, hangs, redirects, is slow and dies is told of 1,000 visits, though the server is killed twice', {
  timeout: 400_000,
}, async () => {
  const site = await deliverySite()
  const accepted: { id: string; link: number }[] = []
  const receiver = await startReceiver((response, nth, request) => {
    const turn = nth % 80
    const { id, link_id: link } = JSON.parse(request.body)
    if (isAccepted(turn)) accepted.push({ id, link })
    const behave = faults[turn] ?? answerWith(200)
    behave(response, nth, request)
  })
  await site.links((await site.webhook(receiver.url)).id, ...links)

  const dataDir = await mkdtemp(join(tmpdir(), 'smart-link-killed-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const env = { DATABASE_URL: site.url, DATA_DIR: dataDir, WEBHOOK_ALLOW_PRIVATE: 'on', WEBHOOK_RETRY_BASE_MS: '20' }
  let server = startServerProcess(env)
  let opened = 0
  const open = async (link: number) => {
    const headers = { 'user-agent': chromeOnMac.userAgent ?? '' }
    while (opened < clicks) {
      const { address } = server
      const answer = await address()
        .then((base) => fetch(`${base}/link1x${link}`, { headers, redirect: 'manual' }))
        .catch(() => null)
      // A click that the killed server left without an answer is made again.
      if (answer?.status === 302) opened += 1
    }
  }
  const opening = Promise.all(links.map(open))

  const isMissed = async () =>
    (await site.deliveries()).some(({ last_error }) => last_error === 'The connection was refused.')
  for (const count of [150, 450]) {
    await expect.poll(() => accepted.length).toBeGreaterThan(count)
    server.child.kill('SIGKILL')
    expect(await server.ended).toBe('SIGKILL')
    server = startServerProcess(env)
    await expect.poll(() => accepted.length).toBeGreaterThan(count + 100)
    await dieAndComeBack(receiver, isMissed)
  }
  await opening
  await expect.poll(() => site.lanes()).toBe(0)

  const { rows: log } = await site.db.pool.query<{ id: string; link: number }>(
    'SELECT id, link_id::int AS link FROM visits ORDER BY link_id, seq',
  )
  expect(log.length).toBeGreaterThanOrEqual(clicks)
  for (const link of links) {
    const of = (visits: typeof log) => visits.filter((one) => one.link === link).map(({ id }) => id)
    // The first time of each: all of the log, nothing else, in its order.
    expect([...new Set(of(accepted))]).toEqual(of(log))
  }
  const received = receiver.messages().map(({ id }) => String(id))
  expect(new Set(received)).toEqual(new Set(log.map(({ id }) => id)))
  expect(received.length).toBeGreaterThan(log.length)
  console.log(`${log.length} visits, ${received.length} requests, ${accepted.length} accepted`)
})
