import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { type Clicks, startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import type { ServerOptions } from './server.js'
import { faultSite, type Site } from './site.js'

const site = faultSite()
const answered = new Set<string>()

const ready = { status: 200, message: 'OK' }

/** Takes the database away until clicks are refused, and brings it back. */
async function fillSpool(
  { dataDir, postgres, server }: Site,
  options: Pick<ServerOptions, 'env' | 'largestFileBlocks'>,
  afterwards = ready,
) {
  const { port, readiness, log, stop } = await server(options)
  const clicks = startClicks(port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
  await postgres.kill()
  await expect.poll(() => [...clicks.refused.keys()]).toEqual([503])
  const during = await readiness()
  await clicks.stop()
  expect(clicks.broken).toBe(0)
  for (const query of clicks.answered) answered.add(query)
  await postgres.start()
  await expectReplayed(dataDir)
  await expectKept(postgres.url, answered)
  await expect.poll(readiness).toEqual(afterwards)
  // Where nothing can be spooled, the first ones come before the server has heard from the database.
  await clickUntilAnswered(port, 1)
  const later = await clickUntilAnswered(port, 50)
  expect([...later.refused]).toEqual([])
  await expectKept(postgres.url, answered)
  expect(await stop()).toBe(0)
  return { during, log: log.join('\n') }
}

async function clickUntilAnswered(port: number, times: number): Promise<Clicks> {
  const clicks = startClicks(port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThanOrEqual(times)
  await clicks.stop()
  for (const query of clicks.answered) answered.add(query)
  return clicks
}

/** A disk of one megabyte at the folder, where this process may mount one. */
async function mountSmallDisk(folder: string): Promise<boolean> {
  await mkdir(folder, { recursive: true })
  const run = promisify(execFile)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', folder])
  } catch {
    return false
  }
  onTestFinished(async () => {
    await run('umount', ['-l', folder])
  })
  return true
}

it('refuses clicks loudly when the disk under the spool is full, and loses none that it answered', async () => {
  const here = site()
  const isMounted = await mountSmallDisk(join(here.dataDir, 'spool'))
  const broken = (code: string) => ({
    status: 503,
    message: `Visits cannot be spooled: the spool is broken (${code}).`,
  })
  // Without the right to mount: no file may grow, which fails the same writes, and goes on doing so.
  const { during, log } = isMounted
    ? await fillSpool(here, {})
    : await fillSpool(here, { largestFileBlocks: 1 }, broken('EFBIG'))
  expect(during).toEqual(broken(isMounted ? 'ENOSPC' : 'EFBIG'))
  expect(log).toContain('"the spool is broken"')
})

it('loses no answered click when writes to the spool fail in their middle', async () => {
  const { log } = await fillSpool(site(), { largestFileBlocks: 1_000 })
  expect(log).toContain('EFBIG')
})

it('refuses clicks loudly when the spool has reached SPOOL_MAX_BYTES', async () => {
  const { during, log } = await fillSpool(site(), { env: { SPOOL_MAX_BYTES: '300000' } })
  const message = 'Visits cannot be spooled: the spool is full: SPOOL_MAX_BYTES is 300000.'
  expect(during).toEqual({ status: 503, message })
  expect(log).toContain('"the spool is full"')
})
