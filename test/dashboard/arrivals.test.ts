import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { knownSite } from './known-site.js'
import { openShortLink } from './known-visits.js'

const known = knownSite()

/** Oldest first: a list that does not take in what is new by itself. */
const stays = 'sort=created_at'
const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
const offered = (page: Page) => page.getByRole('link', { name: /new visits?$/ })

async function openList(params: string): Promise<Page> {
  const page = await known.open(`#/links/21?${stays}&${params}`)
  await page.getByRole('region', { name: 'Visits', exact: true }).locator('.pager-count').waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  return page
}

/** Opens the link, and waits until the page knows: it asks for numbers a moment after it has counted the visit. */
async function openAndTakeIn(page: Page, userAgent?: string): Promise<void> {
  const taken = page.waitForRequest(/\/visits\/stats/)
  await openShortLink(known.site, 'link26x21', userAgent)
  await taken
}

it.each([
  ['of bots when a person comes', 'range=12m&bots=only'],
  ['of a range that is over', `from=2020-01-01&to=${yesterday}`],
  ['filtered by what the visit is not', 'range=12m&browser=Chrome'],
  ['filtered by what the visit is and shall not be', 'range=12m&browser=-Mobile Safari'],
])('offers no new visit to a list %s', async (_, params) => {
  const page = await openList(params)
  await openAndTakeIn(page)
  expect(await offered(page).count()).toBe(0)
})

it.each([
  ['of bots', 'range=12m&bots=only', 'curl/8.5.0'],
  ['of people', 'range=12m&bots=exclude', undefined],
  ['of a range that goes on', 'from=2020-01-01&to=2040-01-01', undefined],
  ['filtered by what the visit is', 'range=12m&browser=Chrome,Mobile Safari', undefined],
])('offers a new visit to a list %s', async (_, params, userAgent) => {
  const page = await openList(params)
  await openAndTakeIn(page, userAgent)
  await offered(page).getByText('1 new visit', { exact: true }).waitFor()
})

it('offers to a list that is chosen later only what comes later', async () => {
  const page = await openList('range=12m')
  await openAndTakeIn(page)
  await page.getByRole('link', { name: '1 new visit' }).waitFor()
  await page.getByText('People', { exact: true }).first().click()
  await offered(page).waitFor({ state: 'detached' })
  await openAndTakeIn(page)
  await page.getByRole('link', { name: '1 new visit', exact: true }).waitFor()
})
