import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { storeLink } from '../support/visits.js'
import { expectAccessible, expectFits } from './accessible.js'
import { openBrowser, openDashboard } from './browser.js'
import { openEmptySite } from './site.js'

let browser: Browser
let site: TestApp
beforeAll(async () => {
  ;[browser, site] = await Promise.all([openBrowser(), openEmptySite()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

it('without links says what to do', async () => {
  const page = await openDashboard(browser, site, '#/links')
  await page.getByText('No links yet').waitFor()
  await expectAccessible(page)
})

it('makes a link with all its settings, which the API has then, and changes it', async () => {
  const page = await openDashboard(browser, site, '#/links')
  await page.getByRole('button', { name: 'New link' }).click()
  const dialog = page.getByRole('dialog', { name: 'New link' })
  await dialog.getByLabel('Target').fill('ftp://example.com')
  await dialog.getByRole('button', { name: 'Create link' }).click()
  await dialog.locator('.error').waitFor()
  await dialog.getByLabel('Target').fill('https://example.com/autumn?v={id}')
  await dialog.getByLabel('Title').fill('Autumn sale')
  await dialog.getByLabel('Code in the short URL').fill('autumn')
  await dialog.getByText('More settings').click()
  await dialog.getByLabel('Tags').fill('sale, autumn,')
  await dialog.getByLabel('Ends at').fill('2027-07-01T12:00')
  await dialog.getByLabel('Ends after visits').fill('500')
  await dialog.getByLabel('Fallback').fill('https://example.com/sorry')
  await dialog.getByLabel('Redirect').selectOption('307')
  await dialog.getByLabel('Pass the query on').check()
  await dialog.getByLabel('Rules').fill('[{"when":{"platform":"iOS"},"long_url":"https://example.com/ios"}]')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Create link' }).click()
  await page.getByText('The link was created.').waitFor()
  await row(page, 'Autumn sale').getByText('/autumn', { exact: false }).first().waitFor()
  const list = async () =>
    (await site.app.inject({ url: '/link/urls?include=settings', headers: site.as(26) })).json().data[0]
  expect(await list()).toMatchObject({
    title: 'Autumn sale',
    long_url: 'https://example.com/autumn?v={id}',
    token: 'autumn',
    status: 1,
    is_advanced: 0,
    tags: ['sale', 'autumn'],
    // In the zone of the person, where it is summer.
    expires_at: '2027-07-01T10:00:00.000000Z',
    max_visits: 500,
    fallback_url: 'https://example.com/sorry',
    redirect_status: 307,
    forward_query: 1,
    rules: [{ when: { platform: ['iOS'] }, long_url: 'https://example.com/ios' }],
  })

  await row(page, 'Autumn sale').getByRole('button', { name: 'Edit' }).click()
  const edit = page.getByRole('dialog', { name: 'Edit link' })
  await edit.getByLabel('Title').fill('Winter sale')
  await edit.getByLabel('Active', { exact: true }).uncheck()
  await edit.getByRole('button', { name: 'Save' }).click()
  await row(page, 'Winter sale').getByText('Inactive').waitFor()
  const { rules, expires_at, max_visits, fallback_url, ...changed } = await list()
  expect(changed).toMatchObject({ title: 'Winter sale', status: 0, token: 'autumn', tags: ['sale', 'autumn'] })
  expect([rules.length, expires_at, max_visits]).toEqual([1, '2027-07-01T10:00:00.000000Z', 500])
  expect(fallback_url).toBe('https://example.com/sorry')
})

it('refuses an end of which a part is missing, keeps the one that was not touched to the second, and takes it away', async () => {
  await storeLink(site.db, 26, 180, { title: 'Ending', expiresAt: new Date('2027-07-01T10:00:30Z') })
  const end = async () =>
    (await site.app.inject({ url: '/link/urls/180?include=settings', headers: site.as(26) })).json().data.expires_at
  const page = await openDashboard(browser, site, '#/links?search=Ending')
  const edit = async () => {
    await row(page, 'Ending').getByRole('button', { name: 'Edit' }).click()
    const dialog = page.getByRole('dialog', { name: 'Edit link' })
    await dialog.getByText('More settings').click()
    return dialog
  }
  const save = async (dialog: Locator) => {
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  const first = await edit()
  await first.getByLabel('Tags').fill('summer')
  await save(first)
  expect(await end()).toBe('2027-07-01T10:00:30.000000Z')

  const second = await edit()
  // The day: the first of the parts that the browser makes of the field.
  await second.getByLabel('Ends at').press('Delete')
  expect(await second.getByLabel('Ends at').inputValue()).toBe('')
  await second.getByRole('button', { name: 'Save' }).click()
  await second.getByText('A part of this is missing. Fill in all of it, or nothing.').waitFor()
  await expectAccessible(page)
  expect(await end()).toBe('2027-07-01T10:00:30.000000Z')
  await second.getByLabel('Ends at').fill('2027-08-01T09:00')
  await save(second)
  expect(await end()).toBe('2027-08-01T07:00:00.000000Z')

  const third = await edit()
  await third.getByLabel('Ends at').fill('')
  await save(third)
  expect(await end()).toBe(null)
})

it('finds links by a word and by their state, in the address too, and goes back', async () => {
  for (let id = 101; id <= 130; id++) await storeLink(site.db, 26, id, { title: `Letter ${id}`, status: id % 2 })
  const page = await openDashboard(browser, site, '#/links')
  await row(page, 'Letter 130').waitFor()
  await page.getByRole('link', { name: 'Next' }).click()
  await row(page, 'Letter 101').waitFor()
  await page.getByRole('searchbox').fill('letter 11')
  await row(page, 'Letter 119').waitFor()
  await page.getByText('Inactive', { exact: true }).first().click()
  await row(page, 'Letter 118').waitFor()
  await row(page, 'Letter 119').waitFor({ state: 'detached' })
  await page.reload()
  await row(page, 'Letter 118').waitFor()
  expect(await page.getByRole('searchbox').inputValue()).toBe('letter 11')
  await page.goBack()
  await row(page, 'Letter 119').waitFor()
  await page.getByRole('searchbox').fill('nothing has this')
  await page.getByText('No link fits').waitFor()
  await page.getByRole('link', { name: 'Show all links' }).click()
  await row(page, 'Letter 130').waitFor()
})

it('copies a short URL, and shows it as a QR code to keep', async () => {
  await storeLink(site.db, 26, 150, { title: 'Poster' })
  const page = await openDashboard(browser, site, '#/links?search=Poster')
  await row(page, 'Poster').getByRole('button', { name: 'Copy short URL' }).click()
  await page.getByText('Copied.').waitFor()
  const url = `${page.url().replace(/\/dashboard.*/, '')}/link26x150`
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(url)
  await row(page, 'Poster').getByRole('button', { name: 'QR code' }).click()
  await page.getByRole('img', { name: `QR code of ${url}` }).waitFor()
  await expectAccessible(page)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download SVG' }).click()
  expect((await download).suggestedFilename()).toBe('qr-link26x150.svg')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'QR code: Poster')
})

it('deletes a link only after it has asked', async () => {
  await storeLink(site.db, 26, 160, { title: 'Old letter' })
  const page = await openDashboard(browser, site, '#/links?search=Old+letter')
  await row(page, 'Old letter').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  expect((await site.app.inject({ url: '/link/urls/160', headers: site.as(26) })).statusCode).toBe(200)
  await row(page, 'Old letter').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete link' }).click()
  await page.getByText('No link fits').waitFor()
  expect((await site.app.inject({ url: '/link/urls/160', headers: site.as(26) })).statusCode).toBe(404)
})

it('shows the page before when the last link of a page was deleted', async () => {
  for (let id = 1; id <= 26; id++) await storeLink(site.db, 27, id, { title: `Card ${id}.` })
  const token = site.as(27).authorization.slice('Bearer '.length)
  const page = await openDashboard(browser, site, '#/links?page=2', { token })
  await page.getByText('26–26 of 26').waitFor()
  await row(page, 'Card 1.').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete link' }).click()
  await page.getByText('25 in all').waitFor()
  await row(page, 'Card 26.').waitFor()
  expect(page.url()).toMatch(/#\/links\?page=1$/)
})

it('says in plain words what a token may not do', async () => {
  const token = site.as(26, 'links:read').authorization.slice('Bearer '.length)
  const page = await openDashboard(browser, site, '#/links?search=Letter', { token })
  await row(page, 'Letter 130').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete link' }).click()
  await page.getByText('This access token may not do that: it lacks the scope links:write.').waitFor()
})

it.each([
  [413, 'That is more than the server, or a proxy in front of it, takes at once.'],
  [405, 'This was refused with the status 405, and without a reason.'],
])('says something when a proxy refuses with %i in words that are not for people', async (status, said) => {
  await storeLink(site.db, 26, 170 + (status % 10), { title: `Refused ${status}` })
  const page = await openDashboard(browser, site, `#/links?search=Refused+${status}`)
  await page.route(
    (url) => url.pathname.startsWith('/link/urls/'),
    (route) => route.fulfill({ status, contentType: 'text/html', body: '<h1>No</h1>' }),
  )
  await row(page, 'Refused').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete link' }).click()
  await page.getByRole('dialog').getByRole('alert').getByText(said, { exact: true }).waitFor()
})

it.each([
  ['wide', 'light'],
  ['wide', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const)('has no barrier and fits the window: %s, %s', async (size, scheme) => {
  const page = await openDashboard(browser, site, '#/links?search=Letter', { size, scheme })
  await row(page, 'Letter 130').waitFor()
  await expectAccessible(page)
  await expectFits(page)
})
