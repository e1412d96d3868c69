import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { storeLink } from '../support/visits.js'
import { expectAccessible } from './accessible.js'
import { openBrowser, openDashboard } from './browser.js'
import { openEmptySite } from './site.js'

let browser: Browser
let site: TestApp
beforeAll(async () => {
  ;[browser, site] = await Promise.all([openBrowser(), openEmptySite()])
  await storeLink(site.db, 26, 501, { title: 'Flyer' })
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

const told = 'A part of the dashboard could not be loaded. Reload the page.'

/** A page that was opened before an upgrade: the server has a part of it no more. */
async function openOldPage(hash: string, part: string): Promise<Page> {
  const page = await openDashboard(browser, site, hash)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.route(`**/dashboard/assets/*${part}-*.js`, (route) => route.fulfill({ status: 404 }))
  return page
}

async function upload(page: Page) {
  await page.getByRole('button', { name: 'Upload CSV' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Upload recipients' })
  const file = { name: 'one.csv', mimeType: 'text/csv', buffer: Buffer.from('mobile\n447700900001\n') }
  await dialog.getByLabel('Choose a CSV file').setInputFiles(file)
  return dialog
}

it('says so in place of the whole page', async () => {
  const page = await openOldPage('#/links', 'app')
  await page.reload()
  await page.getByRole('alert').getByText(told).waitFor()
  await expectAccessible(page)
})

it('says so in place of a QR code', async () => {
  const page = await openOldPage('#/links', 'qr-code')
  await page.getByRole('button', { name: 'QR code' }).click()
  await page.getByRole('dialog', { name: 'QR code' }).getByRole('alert').getByText(told).waitFor()
  await expectAccessible(page)
})

it('says so in place of the map, beside the list of countries', async () => {
  const page = await openOldPage('#/links', 'world-shapes')
  await page.evaluate(() => location.assign('#/links/501'))
  const countries = page.getByRole('region', { name: 'Countries' })
  await countries.getByRole('alert').getByText(told).waitFor()
  await countries.getByText('Nothing in this range.').waitFor()
  await expectAccessible(page)
})

it('does not blame the file that a person uploads', async () => {
  const dialog = await upload(await openOldPage('#/links/501/recipients', 'read-csv'))
  await dialog.getByRole('alert').getByText(told, { exact: true }).waitFor()
})

it('says so when the file with short URLs cannot be made', async () => {
  const dialog = await upload(await openOldPage('#/links/501/recipients', 'result-csv'))
  await dialog.getByRole('button', { name: 'Create 1 short URL' }).click()
  await dialog.getByRole('button', { name: 'Download result CSV' }).click()
  await dialog.getByRole('alert').getByText(told).waitFor()
})
