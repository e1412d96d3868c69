import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/demo/random.js'
import { tellReceiver } from '../../src/demo/receiver.js'
import { storeDemoTokens } from '../../src/demo/tokens.js'
import { openLinks, openOnce } from '../../src/demo/trickle.js'
import type { TestApp } from '../support/app.js'
import { addressOf } from '../support/event-stream.js'
import { expectAccessible, expectFits } from './accessible.js'
import { openBrowser, openDashboard, tokenOf } from './browser.js'
import { openDemoSite } from './site.js'
import { smallPng } from './small-png.js'

/** `npm run screenshots` keeps the pictures; any other run only looks whether all is there and fits. */
const folder = process.env.SCREENSHOTS

let browser: Browser
let site: TestApp
let webhookId: string
beforeAll(async () => {
  ;[browser, site] = await Promise.all([openBrowser(), openDemoSite({ env: { TRUST_PROXY: '127.0.0.1' } })])
  await storeDemoTokens(site.db, new Date())
  await tellReceiver(site.db, 'https://orders.example.com/visits?link={link_id}')
  const options = { address: addressOf(site), links: await openLinks(site.db), random: new SeededRandom(26) }
  for (let count = 0; count < 60; count++) await openOnce(options)
  await site.db.pool.query(`
    UPDATE webhook_deliveries SET attempts = 1, last_attempt_at = now(), last_status = 204, state = 'delivered' WHERE seq % 6 <> 0`)
  await site.db.pool.query(`
    UPDATE webhook_deliveries SET attempts = 7, last_attempt_at = now(), last_status = 503, last_error = 'HTTP 503', state = 'parked'
    WHERE seq % 6 = 0`)
  const { rows } = await site.db.pool.query('SELECT id FROM webhooks')
  webhookId = rows[0].id
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

interface Shot {
  name: string
  hash: () => string
  /** Null: nobody has given one. */
  token?: null
  /** Until all of it is there, and opens what is to be seen. */
  ready: (page: Page) => Promise<unknown>
}

const csv =
  'mobile,message_id,sent_at\n447700900123,m-1,2026-11-20 09:00:00\n447700900124,m-2,2026-11-20 09:00:00\n12,m-3,\n'

const shots: Shot[] = [
  { name: 'door', hash: () => '', token: null, ready: (page) => page.getByLabel('Access token').waitFor() },
  { name: 'overview', hash: () => '#/overview', ready: settled },
  { name: 'links', hash: () => '#/links', ready: (page) => page.getByText('Newsletter').first().waitFor() },
  { name: 'link', hash: () => '#/links/21', ready: settled },
  {
    name: 'recipients',
    hash: () => '#/links/21/recipients',
    ready: (page) => page.getByText('of 900 have opened').waitFor(),
  },
  {
    name: 'upload',
    hash: () => '#/links/21/recipients',
    ready: async (page) => {
      await page.getByText('of 900 have opened').waitFor()
      await page.getByRole('button', { name: 'Upload CSV' }).click()
      const file = { name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) }
      await page.getByLabel('Choose a CSV file').setInputFiles(file)
      await page.getByRole('button', { name: 'Create 2 short URLs' }).waitFor()
    },
  },
  {
    name: 'developer',
    hash: () => '#/developer',
    ready: async (page) => {
      await page.getByText('Monthly report').waitFor()
      await page.getByText('Order desk').waitFor()
    },
  },
  {
    name: 'deliveries',
    hash: () => `#/developer/webhooks/${webhookId}`,
    ready: (page) => page.getByText('Delivered').nth(1).waitFor(),
  },
]

/** Nothing of the page is on its way any more. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.waitForFunction(() => document.querySelector('main .skeleton, main [aria-busy="true"]') === null)
}

describe.each([
  ['wide', 'light'],
  ['wide', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const)('%s, %s', (size, scheme) => {
  it.each(shots)('shows the demo without a barrier: $name', async ({ name, hash, token, ready }) => {
    const page = await openDashboard(browser, site, hash(), {
      size,
      scheme,
      token: token === null ? null : tokenOf(site),
    })
    await ready(page)
    await expectFits(page)
    await expectAccessible(page)
    if (folder === undefined) return
    mkdirSync(folder, { recursive: true })
    const fullPage = size === 'wide' && name !== 'upload'
    const picture = await page.screenshot({ fullPage, animations: 'disabled' })
    writeFileSync(join(folder, `${name}-${size}-${scheme}.png`), smallPng(picture))
  })
})

it('fits every width from a small phone to a wide screen', async () => {
  const page = await openDashboard(browser, site, '#/overview')
  const wrong: string[] = []
  for (const { name, hash, token, ready } of shots) {
    if (token === null || name === 'upload') continue
    await page.evaluate((to) => location.assign(to), hash())
    await ready(page)
    for (const width of [320, 400, 600, 721, 768, 1024, 1366, 1920]) {
      await page.setViewportSize({ width, height: 800 })
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      if (over > 0) wrong.push(`${name} is ${over} px too wide at ${width}`)
    }
    await page.setViewportSize({ width: 1280, height: 860 })
  }
  expect(wrong).toEqual([])
})
