import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { storeLink } from '../support/visits.js'
import { expectAccessible, expectFits } from './accessible.js'
import { openBrowser, openDashboard } from './browser.js'
import { openShortLink, storeKnownVisits } from './known-visits.js'
import { savedContent } from './saved.js'
import { card, dragOverChart, expectTexts, expectTiles } from './see.js'
import { openEmptySite } from './site.js'

let browser: Browser
let site: TestApp
beforeAll(async () => {
  ;[browser, site] = await Promise.all([openBrowser(), openEmptySite()])
  await storeKnownVisits(site)
  await storeLink(site.db, 26, 30, { title: 'Unopened' })
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

const visits = (page: Page) => page.getByRole('region', { name: 'Visits', exact: true })
const total = (page: Page, text: string) =>
  visits(page).locator('.pager-count').getByText(text, { exact: true }).waitFor()

it('filters everything by a value that is clicked, shows it to be taken away, and goes back', async () => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m')
  await page.getByRole('heading', { name: 'Letter', level: 1 }).waitFor()
  await expectTiles(page, { Visits: '28', People: '25', Bots: '3' })
  await total(page, '1–25 of 28')
  await card(page, 'Software').getByRole('link', { name: 'Mobile Safari' }).click()
  await expectTiles(page, { Visits: '17', People: '17', Bots: '0' })
  await total(page, '17 in all')
  await card(page, 'Visits by month')
    .getByRole('img', { name: /17 of people, 0 of bots/ })
    .waitFor()
  await card(page, 'Countries').getByRole('link', { name: 'India' }).click()
  await expectTiles(page, { Visits: '10' })
  await total(page, '10 in all')
  await page.getByRole('link', { name: 'Remove the filter Browser: Mobile Safari' }).click()
  await expectTiles(page, { Visits: '15' })
  await page.goBack()
  await expectTiles(page, { Visits: '10' })
  await page.reload()
  await expectTiles(page, { Visits: '10' })
  await page.getByRole('link', { name: 'Clear all' }).click()
  await expectTiles(page, { Visits: '28' })
})

it.each([
  ['Places', 'City', 'Pune', '5'],
  ['Places', 'Region', 'Maharashtra', '15'],
  ['Devices', 'Device', 'Smartphone', '17'],
  ['Devices', 'Brand', 'Apple', '25'],
  ['Software', 'Platform', 'iOS', '17'],
  ['Visitors', 'Language', 'Hindi', '10'],
  ['Visitors', 'Host', 'go.example.com', '28'],
])('counts %s by %s, and a click on %s leaves those', async (title, by, value, count) => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m')
  // A click on what is drawn again the next moment is lost.
  await expectTiles(page, { Visits: '28', People: '25', Bots: '3' })
  await card(page, title).getByText(by, { exact: true }).click()
  const bar = card(page, title).getByRole('link', { name: value })
  await bar.locator('.bar-count').getByText(count, { exact: true }).waitFor()
  await bar.click()
  await expectTiles(page, { Visits: count })
  await total(page, count === '28' ? '1–25 of 28' : `${count} in all`)
})

it('shows countries on a map that says and filters what the list beside it does', async () => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m')
  const germany = page.locator('[data-country=DE]')
  const heat = (code: string) =>
    page.locator(`[data-country=${code}]`).evaluate((shape) => Number(shape.style.getPropertyValue('--heat')))
  await germany.waitFor()
  await expect.poll(() => heat('IN')).toBe(1)
  expect([await heat('FR'), (await heat('DE')) < 1]).toEqual([0, true])
  await germany.hover()
  await page.locator('.map-tip').getByText('Germany 13').waitFor()
  await germany.click()
  await expectTiles(page, { Visits: '13', People: '10', Bots: '3' })
})

it('tells people from bots, and shows hours by the clocks of the person', async () => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m')
  await page.getByText('Bots', { exact: true }).first().click()
  await expectTiles(page, { Visits: '3', People: '0', Bots: '3' })
  await total(page, '3 in all')
  await page.getByText('People', { exact: true }).first().click()
  await total(page, '25 in all')
  const { groups } = (
    await site.app.inject({
      url: '/link/urls/21/visits/stats?group_by=weekday,hour&bots=exclude&timezone=Europe/Berlin',
      headers: site.as(26),
    })
  ).json().data
  const counted: number[] = groups.map(({ visits }: { visits: number }) => visits)
  expect(counted.reduce((sum, visits) => sum + visits, 0)).toBe(25)
  await expectTexts(card(page, 'Weekdays and hours').locator('tbody td'), counted.map(String))
})

it('zooms into what is dragged over, table and all', async () => {
  const page = await openDashboard(browser, site, '#/links/21?range=7d')
  await total(page, '8 in all')
  await page.locator('.plot canvas').waitFor()
  await dragOverChart(page, 3, 3, 7)
  await expectTiles(page, { Visits: '4' })
  await total(page, '4 in all')
})

it('turns the pages that the API has, and sorts', async () => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m')
  await total(page, '1–25 of 28')
  await visits(page).getByRole('link', { name: 'Next' }).click()
  await total(page, '26–28 of 28')
  await page.goBack()
  await total(page, '1–25 of 28')
  await visits(page).getByRole('link', { name: 'Time' }).click()
  await visits(page).locator('[aria-sort=descending]').getByRole('link', { name: 'Time' }).click()
  const year = new Date(Date.now() - 200 * 86_400_000).getFullYear()
  await visits(page).getByRole('row').nth(1).getByText(String(year)).waitFor()
  await visits(page).locator('[aria-sort=ascending]').waitFor()
})

it('shows the columns that are chosen, also after a reload, and all of one visit', async () => {
  const page = await openDashboard(browser, site, '#/links/21')
  await visits(page).getByRole('columnheader', { name: 'City' }).waitFor()
  await visits(page).getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('checkbox', { name: 'City', exact: true }).uncheck()
  await page.getByRole('checkbox', { name: 'User agent', exact: true }).check()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.reload()
  await visits(page).getByRole('columnheader', { name: 'User agent' }).waitFor()
  expect(await visits(page).getByRole('columnheader', { name: 'City' }).count()).toBe(0)
  await visits(page).getByRole('row').nth(1).getByRole('button').click()
  const dialog = page.getByRole('dialog', { name: 'Visit' })
  const newest = (await site.app.inject({ url: '/link/urls/21/visits', headers: site.as(26) })).json().data[0]
  await expect.poll(() => dialog.locator('dt').count()).toBe(Object.keys(newest).length)
  for (const text of [newest.id, newest.visit_id, newest.client_ip, newest.user_agent]) {
    await dialog.getByText(text, { exact: true }).waitFor()
  }
  await expectAccessible(page)
})

it('saves what fits the filters as a file', async () => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m&platform=iOS')
  await total(page, '17 in all')
  const file = async (format: string) => {
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: `Download as ${format}` }).click()
    const saved = await download
    return { name: saved.suggestedFilename(), content: await savedContent(saved) }
  }
  const csv = await file('CSV')
  expect(csv.name).toBe('visits-21.csv')
  expect(csv.content.toString().trim().split(/\r?\n/).length).toBe(18)
  const lines = (await file('NDJSON')).content.toString().trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).platform)).toEqual(Array(17).fill('iOS'))
  expect((await file('Parquet')).content.subarray(0, 4).toString()).toBe('PAR1')
})

it('shows a new visit on the first page as it happens, and offers it on others', async () => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m')
  await total(page, '1–25 of 28')
  await page.getByText('Live', { exact: true }).waitFor()
  await openShortLink(site, 'link26x21')
  await total(page, '1–25 of 29')
  await visits(page).getByRole('row').nth(1).getByText('Mobile Safari').waitFor()
  await expectTiles(page, { Visits: '29', People: '26' })
  await visits(page).getByRole('link', { name: 'Next' }).click()
  await total(page, '26–29 of 29')
  await openShortLink(site, 'link26x21')
  await visits(page).getByRole('link', { name: '1 new visit' }).click()
  await total(page, '1–25 of 30')
})

it('says so when there is no such link, and when a link has no visits', async () => {
  const page = await openDashboard(browser, site, '#/links/999')
  await page.getByText('It does not exist, or it was deleted.').waitFor()
  await expectAccessible(page)
  const other = await openDashboard(browser, site, '#/links/30')
  await other.getByText('No visits here').waitFor()
  await expectTiles(other, { Visits: '0' })
  await expectAccessible(other)
})

it.each([
  ['wide', 'light'],
  ['wide', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const)('has no barrier and fits the window: %s, %s', async (size, scheme) => {
  const page = await openDashboard(browser, site, '#/links/21?range=12m&country_code=IN', { size, scheme })
  await page.locator('.plot canvas').waitFor()
  await page.locator('.country').first().waitFor()
  await total(page, '15 in all')
  await expectAccessible(page)
  await expectFits(page)
})
