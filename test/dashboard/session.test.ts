import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { storeLinks } from '../support/visits.js'
import { expectAccessible } from './accessible.js'
import { openBrowser, openDashboard, tokenOf } from './browser.js'
import { openEmptySite } from './site.js'

let browser: Browser
let site: TestApp
beforeAll(async () => {
  ;[browser, site] = await Promise.all([openBrowser(), openEmptySite()])
  await storeLinks(site.db, 26, 21)
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

it('asks for an access token, says when it is refused, and lets in who has one', async () => {
  const page = await openDashboard(browser, site, '#/links', { token: null })
  const field = page.getByLabel('Access token')
  await field.fill('not a token')
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('The server does not accept this access token.').waitFor()
  await field.fill('eyJhbGciOi')
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('The server does not accept this access token.').waitFor()
  await field.fill(tokenOf(site))
  await field.press('Enter')
  await page.getByRole('heading', { name: 'Links', level: 1 }).waitFor()
})

it('keeps the token for the tab, in no address and not for the next one, until the person signs out', async () => {
  const page = await openDashboard(browser, site, '#/links')
  await page.getByRole('link', { name: 'example.com/21', exact: true }).first().waitFor()
  await page.reload()
  await page.getByRole('link', { name: 'example.com/21', exact: true }).first().waitFor()
  expect(page.url()).not.toContain(tokenOf(site))
  const kept = await page.evaluate(() => [Object.values(localStorage), document.cookie])
  expect(JSON.stringify(kept)).not.toContain(tokenOf(site))
  const other = await page.context().newPage()
  await other.goto(page.url().replace(/#.*/, ''))
  await page.getByRole('button', { name: /^Sign out/ }).click()
  await page.getByLabel('Access token').waitFor()
  expect(await page.evaluate(() => sessionStorage.getItem('smart-link-token'))).toBe(null)
})

it('ends when the server does not accept the token any more, and says so', async () => {
  const page = await openDashboard(browser, site, '#/links', { token: 'eyJhbGciOi' })
  await page.getByText('The server does not accept this access token.').waitFor()
  await page.getByLabel('Access token').waitFor()
})

it('is light or dark as the system is, or as the person chooses, also after a reload', async () => {
  const page = await openDashboard(browser, site, '#/links', { scheme: 'dark' })
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  await page.getByRole('heading', { name: 'Links', level: 1 }).waitFor()
  const dark = await ground()
  await page.getByRole('button', { name: 'Colours: as the system' }).click()
  await page.getByRole('button', { name: 'Colours: light' }).waitFor()
  const light = await ground()
  expect(light).not.toBe(dark)
  await page.reload()
  await page.getByRole('button', { name: 'Colours: light' }).click()
  expect(await ground()).toBe(dark)
})

it.each(['light', 'dark'] as const)('the door has no barrier in %s colours', async (scheme) => {
  const page = await openDashboard(browser, site, '', { token: null, scheme })
  await page.getByText('Where do I get a token?').click()
  await expectAccessible(page)
})
