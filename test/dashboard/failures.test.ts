import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { expectAccessible } from './accessible.js'
import { hold } from './hold.js'
import { knownSite } from './known-site.js'
import { openShortLink } from './known-visits.js'
import { card, expectTexts, expectTiles } from './see.js'

const known = knownSite()

let opened = 0
/** Visits of the last hours: those that are known, and those that tests have made. */
const recent = () => String(7 + opened)

async function open(): Promise<void> {
  opened += 1
  await openShortLink(known.site, 'link26x22')
}

const choose = (page: Page, range: string) => page.getByText(range, { exact: true }).first().click()
const notes = (page: Page) => page.getByText('Too many requests.')
const main = /\/visits\/stats\?.*interval=/

/** From now on such requests are refused, until the function is called that comes back. */
async function refuse(page: Page, url: RegExp, seconds: number): Promise<() => void> {
  let isOver = false
  await page.route(url, (route) =>
    isOver
      ? route.continue()
      : route.fulfill({
          status: 429,
          headers: { 'retry-after': String(seconds) },
          json: { message: 'Too Many Attempts.' },
        }),
  )
  return () => {
    isOver = true
  }
}

it('shows no number of the range before when another one cannot be had, and says why in each place', async () => {
  const page = await known.open('#/links/21?range=12m')
  await expectTiles(page, { Visits: '28' })
  await page.locator('.bars').nth(4).waitFor()
  await page.locator('.heat-cell').first().waitFor()
  await refuse(page, /\/visits\/stats/, 60)
  await choose(page, '7 d')
  // Above, and on map, four panels and the heat map.
  await notes(page).nth(6).waitFor()
  await expect.poll(() => page.locator('.bars, .heat-cell, .country, .plot, .skeleton').count()).toBe(0)
  await expectTexts(page.locator('.tile-value'), ['–', '–', '–', '–'])
  await card(page, 'Visits by day').getByText('These numbers could not be fetched.').waitFor()
  await expectAccessible(page)
})

it('says no more why a range was refused once another one is asked for', async () => {
  const page = await known.open('#/links/21?range=12m')
  await expectTiles(page, { Visits: '28' })
  const relent = await refuse(page, /\/visits\/stats/, 60)
  await choose(page, '7 d')
  await notes(page).nth(6).waitFor()
  relent()
  const { release } = await hold(page, /\/visits\/stats/)
  await choose(page, '12 mo')
  await page.locator('.skeleton').first().waitFor()
  await expect.poll(() => notes(page).count()).toBe(0)
  await release()
  await expectTiles(page, { Visits: '28' })
})

it('keeps what it shows while news cannot be had, says so, and goes on by itself', async () => {
  const page = await known.open('#/overview?range=24h')
  await expectTiles(page, { Visits: recent() })
  await card(page, 'Countries').getByText('Germany').waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  const relent = await refuse(page, /\/visits\/stats/, 1)
  const before = recent()
  await open()
  // Above, and on three panels.
  await notes(page).nth(3).waitFor()
  await expectTiles(page, { Visits: before })
  await card(page, 'Countries').getByText('Germany').waitFor()
  relent()
  await expectTiles(page, { Visits: recent() })
  await notes(page).first().waitFor({ state: 'detached' })
})

it.each([
  ['Overview', 'Letter'],
  ['Links', 'example.com/21'],
])('asks again by itself after a failure, and shows nothing as on its way: %s', async (section, content) => {
  const page = await known.open('#/developer')
  await page.getByRole('heading', { name: 'Developer' }).waitFor()
  const relent = await refuse(page, /\/link\/(visits\/stats|urls\?)/, 1)
  await page.getByRole('link', { name: section, exact: true }).click()
  await notes(page).first().waitFor()
  await expect.poll(() => page.locator('.skeleton').count()).toBe(0)
  relent()
  await page.getByText(content).first().waitFor()
  await notes(page).first().waitFor({ state: 'detached' })
})

it('waits for the request under way when more visits come, and asks again after it', async () => {
  const page = await known.open('#/overview?range=24h')
  await expectTiles(page, { Visits: recent(), 'Right now': recent() })
  await page.getByText('Live', { exact: true }).waitFor()
  const { held, release } = await hold(page, main)
  const failed: string[] = []
  page.on('requestfailed', (request) => failed.push(request.url()))
  await open()
  await expectTiles(page, { 'Right now': recent() })
  await open()
  await expectTiles(page, { 'Right now': recent() })
  expect([held.length, failed]).toEqual([1, []])
  const again = page.waitForRequest(main)
  await release()
  await again
  await expectTiles(page, { Visits: recent() })
})

it('names buckets by what they are, also while others are on their way', async () => {
  const page = await known.open('#/overview?range=7d')
  await card(page, 'Visits by day').getByRole('img').waitFor()
  const { release } = await hold(page, main)
  const asked = page.waitForRequest(/interval=month/)
  await choose(page, '12 mo')
  await asked
  await card(page, 'Visits by day')
    .getByRole('img', { name: /^Visits by day/ })
    .waitFor()
  await release()
  await card(page, 'Visits by month')
    .getByRole('img', { name: /^Visits by month/ })
    .waitFor()
})
