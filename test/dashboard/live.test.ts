import type { ServerResponse } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import type { TestApp } from '../support/app.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'
import { openBrowser, openDashboard } from './browser.js'
import { card, expectTiles } from './see.js'
import { openEmptySite } from './site.js'

let browser: Browser
let site: TestApp
const streams = new Set<ServerResponse>()
beforeAll(async () => {
  ;[browser, site] = await Promise.all([openBrowser(), openEmptySite({ env: { STREAM_HEARTBEAT_MS: '500' } })])
  site.app.server.on('request', ({ url = '' }, response) => {
    if (url.endsWith('/stream')) streams.add(response)
  })
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

/** What the server sends on streams that are open gets lost from now on, and neither side is told: a router forgot them. */
function loseStreams(): void {
  for (const response of streams) response.write = () => true
}

const tokenOf = (ownerId: number, scope?: string) => site.as(ownerId, scope).authorization.slice('Bearer '.length)

const visitNow = (linkId: number, given = {}) => newVisit(linkId, { createdAt: new Date(), ...given })

/** The overview of an account with a link that was visited once. */
async function openOverview(ownerId: number, from = '#/overview'): Promise<Page> {
  await storeLink(site.db, ownerId, ownerId, { title: 'Letter' })
  await appendVisits(site.db, ownerId, [visitNow(ownerId)])
  return openDashboard(browser, site, from, { token: tokenOf(ownerId) })
}

const expectVisits = async (page: Page, count: number) => {
  await expectTiles(page, { Visits: String(count), 'Right now': String(count) })
  await card(page, 'Latest visits')
    .getByRole('listitem')
    .nth(count - 1)
    .waitFor()
}

const expectLive = (page: Page) => page.getByText('Live', { exact: true }).waitFor()

/** As when somebody comes back to the tab. */
const connectAgain = (page: Page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))

it('goes on where it was after a connection that died without a word', async () => {
  const page = await openOverview(501)
  await expectVisits(page, 1)
  await expectLive(page)
  loseStreams()
  await appendVisits(site.db, 501, [visitNow(501)])
  await expectVisits(page, 2)
  await expectLive(page)
})

it('shows what came before the first connection, which took more than one try', async () => {
  const page = await openOverview(502, '#/links')
  let tries = 0
  await page.route('**/link/visits/stream', async (route) => {
    tries += 1
    if (tries > 1) return route.continue()
    await expectVisits(page, 1)
    await appendVisits(site.db, 502, [visitNow(502)])
    await route.fulfill({ status: 429 })
  })
  await page.evaluate(() => location.assign('#/overview'))
  await expectVisits(page, 2)
})

it('shows what came before a stream that has to begin anew, as the log was restored', async () => {
  const page = await openOverview(503)
  await expectVisits(page, 1)
  await expectLive(page)
  let tries = 0
  await page.route('**/link/visits/stream', async (route) => {
    tries += 1
    if (tries > 1) return route.continue()
    await appendVisits(site.db, 503, [visitNow(503)])
    await route.fulfill({ status: 409 })
  })
  await connectAgain(page)
  await expectVisits(page, 2)
})

it('takes a person who is blanked off the screen, also where nothing else moves', async () => {
  await storeLink(site.db, 504, 504)
  await storeRecipients(site.db, 504, 504, ['447700900001'])
  await appendVisits(site.db, 504, [visitNow(504, { recipientId: 1, clientIp: '192.0.2.7' })])
  const token = tokenOf(504, 'links:read visits:read visits:pii')
  const visits = await openDashboard(browser, site, '#/links/504?sort=created_at', { token })
  const people = await openDashboard(browser, site, '#/links/504/recipients', { token })
  const open = await openDashboard(browser, site, '#/links/504?sort=created_at', { token })
  const shown = open.getByRole('dialog').getByText('192.0.2.7')
  await open.locator('.row-open').click()
  await Promise.all([visits.getByText('192.0.2.7').waitFor(), shown.waitFor()])
  await people.getByText('447700900001').waitFor()
  await Promise.all([expectLive(visits), expectLive(people), expectLive(open)])
  const payload = { mobile: '447700900001' }
  await site.app.inject({ method: 'POST', url: '/recipients/erase', payload, headers: site.as(504) })
  await visits.getByText('192.0.2.7').waitFor({ state: 'detached' })
  await shown.waitFor({ state: 'detached' })
  await people.getByText('Erased', { exact: true }).waitFor()
})

it('ends the session when the token is revoked meanwhile, and says so', async () => {
  await storeLink(site.db, 505, 505)
  const payload = { name: 'Screen', scopes: ['links:read', 'visits:read'] }
  const made = await site.app.inject({ method: 'POST', url: '/developer/tokens', payload, headers: site.as(505) })
  const { id, access_token } = made.json().data
  const page = await openDashboard(browser, site, '#/overview', { token: access_token })
  await expectLive(page)
  await site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(505) })
  await page.getByText('The server does not accept this access token.').waitFor()
  await page.getByLabel('Access token').waitFor()
})

it('says that a link was deleted meanwhile', async () => {
  await storeLink(site.db, 506, 506, { title: 'Letter' })
  const page = await openDashboard(browser, site, '#/links/506', { token: tokenOf(506) })
  await page.getByRole('heading', { name: 'Letter', level: 1 }).waitFor()
  await expectLive(page)
  await site.app.inject({ method: 'DELETE', url: '/link/urls/506', headers: site.as(506) })
  await page.getByText('It does not exist, or it was deleted.').waitFor()
  await expect.poll(() => page.getByText('Not live').count()).toBe(1)
})

it('says that nothing is live where the token may not see visits, and why', async () => {
  await storeLink(site.db, 507, 507)
  const page = await openDashboard(browser, site, '#/links/507/recipients', { token: tokenOf(507, 'links:read') })
  await page.getByTitle('it lacks the scope visits:read').filter({ hasText: 'Not live' }).waitFor()
})
