import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { hold } from './hold.js'
import { knownSite } from './known-site.js'
import { openShortLink } from './known-visits.js'
import { card, expectTiles } from './see.js'

const known = knownSite()
const code = /\/assets\/app-.*\.js$/

/** A page that is about to be opened anew at an address. */
async function openAt(hash: string): Promise<Page> {
  const page = await known.open('#/developer')
  await page.getByRole('heading', { name: 'Developer' }).waitFor()
  await page.evaluate((to) => history.replaceState(null, '', to), hash)
  return page
}

it.each([
  ['#/overview?range=12m', /visits\/stats/, ['interval=month', 'from=']],
  ['#/links/21?range=12m&browser=Chrome', /urls\/21(\/visits\/stats)?\?/, ['interval=month', 'include=settings']],
])('asks once for what is at the top of %s, before the code that shows it is there', async (hash, top, parts) => {
  const page = await openAt(hash)
  const asked: string[] = []
  page.on('request', (request) => {
    if (top.test(request.url())) asked.push(request.url())
  })
  const { release } = await hold(page, code)
  const reloaded = page.reload()
  await expect.poll(() => asked.length).toBe(2)
  expect(await page.locator('main').count()).toBe(0)
  const first = [...asked]
  await release()
  await reloaded
  await page.locator('.plot canvas').waitFor()
  // Below the top, from which on nothing of it is asked any more.
  await page.locator('.bars').first().waitFor()
  await page.locator('.tile-value .skeleton').first().waitFor({ state: 'detached' })
  for (const part of parts) expect(first.join(' ')).toContain(part)
  expect(asked.slice(2).filter((url) => first.includes(url))).toEqual([])
})

it('is drawn without its numbers when they take long, and has them when they come', async () => {
  const page = await openAt('#/overview?range=12m')
  const { release } = await hold(page, /\/visits\/stats\?/)
  await page.reload()
  await card(page, 'Visits by month').locator('.skeleton').waitFor()
  await release()
  await expectTiles(page, { Visits: '31' })
})

it('shows no old answer where the person went on before there was a page', async () => {
  const page = await openAt('#/overview?range=12m')
  const { held, release } = await hold(page, code)
  const asked = page.waitForResponse(/\/visits\/stats\?.*interval=/)
  const reloaded = page.reload()
  await asked
  await expect.poll(() => held.length).toBe(1)
  await page.evaluate(() => location.assign('#/developer'))
  await release()
  await reloaded
  await page.getByRole('heading', { name: 'Developer' }).waitFor()
  await openShortLink(known.site, 'link26x22')
  await page.evaluate(() => location.assign('#/overview?range=12m'))
  await expectTiles(page, { Visits: '32' })
})
