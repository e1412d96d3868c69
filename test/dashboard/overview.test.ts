import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { expectAccessible, expectFits } from './accessible.js'
import { openBrowser, openDashboard, tokenOf } from './browser.js'
import { openShortLink, storeKnownVisits } from './known-visits.js'
import { card, dragOverChart, expectTiles } from './see.js'
import { openEmptySite } from './site.js'

let browser: Browser
let site: TestApp
let empty: TestApp
beforeAll(async () => {
  ;[browser, site, empty] = await Promise.all([openBrowser(), openEmptySite(), openEmptySite()])
  await storeKnownVisits(site)
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await empty?.close()
})

const choose = (page: Page, range: string) => page.getByText(range, { exact: true }).first().click()

it('counts what is in the range that is chosen, keeps the range in the address, and goes back', async () => {
  const page = await openDashboard(browser, site, '#/overview')
  await expectTiles(page, { Visits: '18', People: '15', Bots: '3' })
  await choose(page, '24 h')
  await expectTiles(page, { Visits: '7', People: '6', Bots: '1' })
  await choose(page, '7 d')
  await expectTiles(page, { Visits: '11', People: '10' })
  await choose(page, '90 d')
  await expectTiles(page, { Visits: '24', People: '21' })
  await choose(page, '12 mo')
  await expectTiles(page, { Visits: '31', People: '28', Bots: '3' })
  await page.reload()
  await expectTiles(page, { Visits: '31' })
  await page.goBack()
  await expectTiles(page, { Visits: '24' })
})

it('takes a range of the person’s own, by the clocks of the person', async () => {
  const page = await openDashboard(browser, site, '#/overview')
  await choose(page, 'Custom')
  const wall = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 11)
  await page.getByLabel('From', { exact: true }).fill(`${wall(62)}00:00`)
  await page.getByLabel('From', { exact: true }).press('Enter')
  await page.getByLabel('To', { exact: true }).fill(`${wall(50)}00:00`)
  await page.getByLabel('To', { exact: true }).press('Enter')
  await expectTiles(page, { Visits: '6', People: '6', Bots: '0' })
})

it('shows the same numbers as a picture and as a table, and zooms into what is dragged over', async () => {
  const page = await openDashboard(browser, site, '#/overview?range=7d')
  const chart = card(page, 'Visits by day')
  await chart.getByRole('img', { name: /10 of people, 1 of bots\. Most on .*: 7\.$/ }).waitFor()
  await chart.getByRole('button', { name: 'Show as a table' }).click()
  const counts = async () => (await chart.getByRole('row').allInnerTexts()).slice(1)
  await expect
    .poll(async () => (await counts()).map((line) => line.split('\t').slice(1).map(Number)))
    .toEqual([[7, 6, 1], [0, 0, 0], [0, 0, 0], [4, 4, 0], ...Array(3).fill([0, 0, 0])])
  await expectAccessible(page)
  await chart.getByRole('button', { name: 'Show as a picture' }).click()
  await dragOverChart(page, 3, 3, 7)
  await card(page, 'Visits by hour').waitFor()
  await expectTiles(page, { Visits: '4', People: '4', Bots: '0' })
  expect(page.url()).toMatch(/from=\d{4}-\d\d-\d\dT00%3A00&to=\d{4}-\d\d-\d\dT00%3A00/)
})

it('lists links, countries and devices by how many visits they have', async () => {
  const page = await openDashboard(browser, site, '#/overview')
  const expectRows = async (title: string, wanted: string[]) => {
    const texts = async () => await card(page, title).getByRole('listitem').allInnerTexts()
    const rows = async () => (await texts()).map((text) => text.split('\n').slice(0, 2).join(' '))
    await expect.poll(rows).toEqual(wanted)
  }
  await expectRows('Top links', ['Letter 15', 'Poster 3'])
  await expectRows('Countries', ['Germany 9', 'India 9'])
  await expectRows('Devices', ['Desktop 11', 'Smartphone 4', 'Unknown 3'])
  await card(page, 'Devices').getByText('Browser', { exact: true }).click()
  await expectRows('Devices', ['Chrome 11', 'Mobile Safari 4', 'Unknown 3'])
  await card(page, 'Top links').getByRole('link', { name: 'Letter' }).click()
  await page.waitForURL(/#\/links\/21$/)
})

it('shows a visit as it happens, without a reload', async () => {
  const page = await openDashboard(browser, site, '#/overview?range=24h')
  await expectTiles(page, { Visits: '7', 'Right now': '7' })
  const list = card(page, 'Latest visits')
  await list.getByRole('listitem').filter({ hasText: 'Letter' }).first().waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  await openShortLink(site, 'link26x22')
  await list.getByRole('listitem').first().filter({ hasText: 'Poster · Mobile Safari on iOS' }).waitFor()
  await expectTiles(page, { Visits: '8', People: '7', 'Right now': '8' })
})

it('says why the latest visits cannot be read, instead of that there are none', async () => {
  const page = await openDashboard(browser, site, '#/overview', { token: tokenOf(site, 'visits:read') })
  const list = card(page, 'Latest visits')
  await list.getByText('This access token may not do that: it lacks the scope links:read.').waitFor()
  expect(await list.getByText('Nobody has opened a link yet.').count()).toBe(0)
})

it('lists the requests of the latest visits with those of the rest', async () => {
  const page = await openDashboard(browser, site, '#/overview')
  await card(page, 'Latest visits').getByRole('listitem').first().waitFor()
  await page.getByRole('button', { name: 'Show requests of this page' }).click()
  for (const path of ['urls?per_page=100', 'urls/21/visits?per_page=12', 'urls/22/visits?per_page=12']) {
    await page.getByText(`/link/${path}'`).waitFor()
  }
})

it('without visits says what will bring some', async () => {
  const page = await openDashboard(browser, empty, '#/overview')
  await page.getByText('No visits yet').waitFor()
  await page.getByText('Nobody has opened a link yet.').waitFor()
  await expectTiles(page, { Visits: '0', 'Right now': '0' })
  await expectAccessible(page)
})

it.each([
  ['wide', 'light'],
  ['wide', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const)('has no barrier and fits the window: %s, %s', async (size, scheme) => {
  const page = await openDashboard(browser, site, '#/overview', { size, scheme })
  await card(page, 'Countries').getByText('India').waitFor()
  await page.locator('.plot canvas').waitFor()
  await expectAccessible(page)
  await expectFits(page)
})
