import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { expectAccessible, expectFits } from './accessible.js'
import { knownSite } from './known-site.js'
import { openShortLink } from './known-visits.js'
import { expectTiles } from './see.js'

const known = knownSite()

const end = (page: Page, name: 'From' | 'To') => page.getByLabel(name, { exact: true })
const hash = (page: Page) => new URL(page.url()).hash
const steps = (page: Page) => page.evaluate(() => history.length)
const custom = '#/overview?from=2020-01-01T00%3A00&to=2040-01-01T00%3A00'

it.each(['Enter', 'another field'])('takes a date that is typed once it is whole, with %s', async (leave) => {
  const page = await known.open(custom)
  await expectTiles(page, { Visits: '31' })
  const before = await steps(page)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await end(page, 'From').focus()
  for (const digit of '01012021') {
    await page.keyboard.press(digit)
    expect(hash(page)).toBe(custom)
  }
  await expect.poll(() => end(page, 'From').inputValue()).toBe('2021-01-01T00:00')
  expect(asked.filter((url) => url.includes('/stats'))).toEqual([])
  if (leave === 'Enter') await page.keyboard.press('Enter')
  else await end(page, 'To').focus()
  await page.waitForURL(/from=2021-01-01T00%3A00&to=2040-01-01T00%3A00$/)
  expect(await steps(page)).toBe(before + 1)
  await page.goBack()
  await expect.poll(() => end(page, 'From').inputValue()).toBe('2020-01-01T00:00')
})

it('leaves a half-typed date alone while new visits come', async () => {
  const page = await known.open(custom)
  await expectTiles(page, { Visits: '31' })
  await page.getByText('Live', { exact: true }).waitFor()
  await end(page, 'From').focus()
  await page.keyboard.type('010120')
  const half = '0020-01-01T00:00'
  await expect.poll(() => end(page, 'From').inputValue()).toBe(half)
  await openShortLink(known.site, 'link26x22')
  await expectTiles(page, { Visits: '32' })
  expect(await end(page, 'From').inputValue()).toBe(half)
})

it.each(['light', 'dark'] as const)(
  'says why two ends are not a range, and takes them when they are: %s',
  async (scheme) => {
    const page = await known.open(custom, { scheme, size: scheme === 'dark' ? 'phone' : 'wide' })
    await end(page, 'To').fill('2019-03-01T00:00')
    await page.getByText('“From” must be before “To”.').waitFor()
    expect(hash(page)).toBe(custom)
    await expectAccessible(page)
    await expectFits(page)
    await end(page, 'From').fill('0025-02-01T00:00')
    await page.getByText('Both need a date, from 1970 on.').waitFor()
    expect(hash(page)).toBe(custom)
    await end(page, 'From').fill('2019-02-01T00:00')
    await page.waitForURL(/from=2019-02-01T00%3A00&to=2019-03-01T00%3A00$/)
    await page.getByText('Both need a date').waitFor({ state: 'detached' })
  },
)

it('shows the usual range where an address has years before 1970', async () => {
  const page = await known.open('#/overview?from=0002-01-01T00%3A00&to=2040-01-01T00%3A00')
  await expect.poll(() => page.getByRole('radio', { name: '30 d' }).isChecked()).toBe(true)
})
