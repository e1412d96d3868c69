import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import type { TestApp } from '../support/app.js'
import { addressOf } from '../support/event-stream.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'
import { expectAccessible, expectFits } from './accessible.js'
import { openBrowser, openDashboard, tokenOf } from './browser.js'
import { savedContent } from './saved.js'
import { expectTexts } from './see.js'
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

const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })
const whole = 'links:read links:write visits:read visits:pii'
const listed = async (linkId: number) =>
  (await fetch(`${addressOf(site)}/link/urls/${linkId}/recipients`, { headers: site.as(26, whole) })).json()

/** Link with sixty recipients, of whom the numbers 3, 30 and 60 have opened it; a bot has, for number 4. */
async function storeSent(linkId: number, title: string): Promise<void> {
  await storeLink(site.db, 26, linkId, { title })
  const mobiles = Array.from({ length: 60 }, (_, at) => `447700900${String(at + 1).padStart(3, '0')}`)
  await storeRecipients(site.db, 26, linkId, mobiles)
  const visit = (recipientId: number, isBot = false) => newVisit(linkId, { recipientId, isBot })
  await appendVisits(site.db, 26, [visit(3), visit(3), visit(30), visit(60), visit(4, true)])
}

async function csvFile(name: string, content: string | Buffer): Promise<string> {
  const path = join(tmpdir(), `${process.pid}-${name}`)
  await writeFile(path, content)
  return path
}

async function openUpload(page: Page, path: string) {
  await page.getByRole('button', { name: 'Upload CSV' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Upload recipients' })
  await dialog.getByLabel('Choose a CSV file').setInputFiles(path)
  return dialog
}

it('shows who has opened a link and who has not, with how many there are of each', async () => {
  await storeSent(301, 'Reminder')
  const page = await openDashboard(browser, site, '#/links/301/recipients')
  await page.getByRole('heading', { name: 'Recipients of Reminder' }).waitFor()
  await page.getByText('3 of 60 have opened it (5%)').waitFor()
  const ago = expect.stringMatching(/^\d+ years ago$/)
  const first = ['447700900***', '–', expect.stringMatching(/\/r301x60$/), '1', ago, ago]
  await expectTexts(row(page, '447700900***').first().getByRole('cell'), first)
  await page.getByText('Opened 3', { exact: true }).click()
  await page.getByText('3 in all').waitFor()
  await expectTexts(page.locator('tbody td.count'), ['1', '1', '2'])
  await page.getByText('Not opened 57', { exact: true }).click()
  await page.getByText('1–25 of 57').waitFor()
  await page.getByRole('link', { name: '3', exact: true }).click()
  await page.getByText('51–57 of 57').waitFor()
  // Bots do not count as opening.
  expect(await row(page, '/r301x4').getByRole('cell').nth(3).textContent()).toMatch(/^\+1 by bots\s+0$/)
  await page.reload()
  await page.getByText('51–57 of 57').waitFor()
})

it('shows an opening as it happens', async () => {
  await storeSent(302, 'Live')
  const page = await openDashboard(browser, site, '#/links/302/recipients?opened=0')
  await page.getByText('1–25 of 57').waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  const userAgent = newVisit(302).userAgent.userAgent ?? ''
  await site.app.inject({ url: '/r302x59', headers: { 'user-agent': userAgent } })
  await page.getByText('1–25 of 56').waitFor()
  await page.getByText('4 of 60 have opened it (6.7%)').waitFor()
})

it('shows whole numbers to those who may see them, and no number to others', async () => {
  await storeSent(303, 'Numbers')
  const page = await openDashboard(browser, site, '#/links/303/recipients?opened=1', { token: tokenOf(site, whole) })
  await row(page, '447700900060').waitFor()
  const masked = await openDashboard(browser, site, '#/links/303/recipients?opened=1')
  await row(masked, '447700900***').first().waitFor()
  expect(await masked.content()).not.toContain('447700900060')
})

it('says what to do where nobody has got the link, and adds one by hand', async () => {
  await storeLink(site.db, 26, 304, { title: 'New' })
  const page = await openDashboard(browser, site, '#/links/304/recipients')
  await page.getByText('Nobody has got this link yet').waitFor()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Add one' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Add a recipient' })
  await dialog.getByLabel('Mobile number').fill('12')
  await dialog.getByRole('button', { name: 'Add recipient' }).click()
  await dialog.getByText('The mobile field must be a phone number of 5 to 20 digits.').waitFor()
  await expectAccessible(page)
  await dialog.getByLabel('Mobile number').fill('+44 (7700) 900-321')
  await dialog.getByLabel('Message id').fill('m-9')
  await dialog.getByRole('button', { name: 'Add recipient' }).click()
  await dialog.getByRole('button', { name: 'Copy short URL' }).click()
  await page.getByText('Copied.').waitFor()
  const { data } = await listed(304)
  expect(data).toMatchObject([{ mobile: '+447700900321', message_id: 'm-9' }])
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(data[0].short_url)
  await page.keyboard.press('Escape')
  await row(page, '+447700900***').getByText('m-9').waitFor()
})

it('reads a CSV file with names of its own, says what is wrong by row, and gives it back with short URLs', async () => {
  await storeLink(site.db, 26, 305, { title: 'Upload' })
  const lines = [
    'Name;Phone number;Msg ID;Sent',
    'Ada;+44 7700 900001;a-1;2026-01-31 12:00:00',
    '"Byron; Lord";447700900002;a-2;',
    ...['Short;12;a-3;', 'Excel;4.477E+11;a-4;', 'When;447700900005;a-5;yesterday', '', 'Clash;447700900006;a-1;'],
    'Zoë;447700900007;a-7;2026-02-01T08:30:00+01:00',
    'Ada;+447700900001;a-1;',
  ]
  const page = await openDashboard(browser, site, '#/links/305/recipients')
  const dialog = await openUpload(page, await csvFile('people.csv', `\ufeff${lines.join('\r\n')}`))
  await dialog.getByText('8 rows').waitFor()
  await expectTexts(dialog.locator('select option:checked'), ['Phone number', 'Msg ID', 'Sent'])
  await expectTexts(dialog.getByRole('alert').locator('li'), [
    'Row 4: “12” is not a phone number of 5 to 20 digits.',
    'Row 5: “4.477E+11” was rounded by a spreadsheet. Format the column as text, and save again.',
    'Row 6: “yesterday” is not a time such as 2026-01-31T12:00:00+01:00 or 2026-01-31 12:00:00.',
    'Row 8: An earlier row has the same message id with another number.',
  ])
  await dialog.getByText('1 row names somebody who is in the file already').waitFor()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Create 4 short URLs' }).click()
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Download result CSV' }).click()
  const saved = await savedContent(await download)
  expect((await download).suggestedFilename()).toBe(`${process.pid}-people-short-urls.csv`)
  const { data } = await listed(305)
  expect(data.map((one: Record<string, unknown>) => [one.mobile, one.message_id, one.sent_at])).toEqual([
    ['447700900007', 'a-7', '2026-02-01 07:30:00'],
    ['447700900002', 'a-2', null],
    ['+447700900001', 'a-1', '2026-01-31 12:00:00'],
  ])
  const [zoe, byron, ada] = data
  expect(parse(saved, { bom: true })).toEqual([
    ['Name', 'Phone number', 'Msg ID', 'Sent', 'token', 'short_url'],
    ['Ada', '+44 7700 900001', 'a-1', '2026-01-31 12:00:00', ada.token, ada.short_url],
    ['Byron; Lord', '447700900002', 'a-2', '', byron.token, byron.short_url],
    ['Zoë', '447700900007', 'a-7', '2026-02-01T08:30:00+01:00', zoe.token, zoe.short_url],
    ['Ada', '+447700900001', 'a-1', '', ada.token, ada.short_url],
  ])
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByText('3 in all').waitFor()
})

it('stays open when the picker of files is closed without a choice', async () => {
  await storeLink(site.db, 26, 330, { title: 'No choice' })
  const page = await openDashboard(browser, site, '#/links/330/recipients')
  await page.getByRole('button', { name: 'Upload CSV' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Upload recipients' })
  // What browsers tell the field then; no test can press the picker's own button.
  await dialog.getByLabel('Choose a CSV file').dispatchEvent('cancel')
  await dialog.getByLabel('Choose a CSV file').setInputFiles(await csvFile('later.csv', 'mobile\n447700900001\n'))
  await dialog.getByRole('button', { name: 'Create 1 short URL' }).waitFor()
})

it('finds the numbers of a file without names, and lets the person choose other columns', async () => {
  await storeLink(site.db, 26, 306, { title: 'Columns' })
  // As old Windows programs write it.
  const content = Buffer.from('Jürgen\t447700900001\tx-1\nUlf\t447700900002\tx-2\n', 'latin1')
  const page = await openDashboard(browser, site, '#/links/306/recipients')
  const dialog = await openUpload(page, await csvFile('plain.tsv', content))
  await dialog.getByRole('button', { name: 'Create 2 short URLs' }).waitFor()
  await dialog.getByLabel('Message id').selectOption('Column 3')
  await dialog.getByRole('cell', { name: 'x-2' }).waitFor()
  await dialog.getByLabel('Mobile number').selectOption('Column 1')
  await dialog.getByText('“Jürgen” is not a phone number of 5 to 20 digits.').waitFor()
  expect(await dialog.getByRole('button', { name: 'Create 0 short URLs' }).isDisabled()).toBe(true)
  await dialog.getByLabel('Mobile number').selectOption('Column 2')
  await dialog.getByRole('button', { name: 'Create 2 short URLs' }).click()
  await dialog.locator('.dialog-body').getByText('2 recipients have short URLs.').waitFor()
  const { data } = await listed(306)
  expect(data.map((one: { message_id: string }) => one.message_id)).toEqual(['x-2', 'x-1'])
})

it('says how a file was read, and reads it again as the person says', async () => {
  await storeLink(site.db, 26, 340, { title: 'Form' })
  const lines = [
    'sep=;',
    'Vorname;Handy;Message',
    'Jörg;447700900001;"Hi, see our offer"',
    'Ann;447700900002;"Hi, bye"',
  ]
  const page = await openDashboard(browser, site, '#/links/340/recipients')
  const dialog = await openUpload(page, await csvFile('form.csv', Buffer.from(lines.join('\r\n'), 'latin1')))
  await dialog.getByText('Read as Windows-1252, separated by semicolons, column names in line 2').click()
  await expectTexts(dialog.locator('select option:checked'), ['Handy', 'None', 'None'])
  await dialog.getByText('Commas', { exact: true }).click()
  await dialog.getByRole('button', { name: 'Create 0 short URLs' }).waitFor()
  await dialog.getByText('Semicolons', { exact: true }).click()
  await dialog.getByText('A recipient', { exact: true }).click()
  await dialog.getByText('Row 1 (line 2 of the file): “Handy” is not a phone number of 5 to 20 digits.').waitFor()
  await dialog.getByText('Column names', { exact: true }).click()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Create 2 short URLs' }).click()
  await dialog.locator('.dialog-body').getByText('2 recipients have short URLs.').waitFor()
  const { data } = await listed(340)
  expect(data.map((one: { mobile: string }) => one.mobile)).toEqual(['447700900002', '447700900001'])
})

it('names a quote that is not closed, and what the server refuses, and makes short URLs for the others', async () => {
  await storeLink(site.db, 26, 341, { title: 'Odd rows' })
  const url = `${addressOf(site)}/link/urls/341/recipients`
  const headers = { ...site.as(26, whole), 'content-type': 'application/json' }
  await fetch(url, { method: 'POST', headers, body: '[{"mobile":"447700900009","message_id":"m-4"}]' })
  const rows = ['447700900001,m-1,Ann', '447700900002,m-2,"Bob', '447700900003,m-3,Cid', '447700900004,m-4,Dee']
  // Who may not see numbers is not told that this one is another.
  const token = site.as(26, whole).authorization.slice('Bearer '.length)
  const page = await openDashboard(browser, site, '#/links/341/recipients', { token })
  const dialog = await openUpload(page, await csvFile('odd.csv', ['mobile,message_id,name', ...rows].join('\n')))
  const unclosed = 'Row 3: The row has a quote that is opened and not closed.'
  await expectTexts(dialog.getByRole('status').locator('li'), [unclosed])
  await dialog.getByRole('button', { name: 'Create 4 short URLs' }).click()
  await dialog.locator('.dialog-body').getByText('3 recipients have short URLs.').waitFor()
  await expectTexts(dialog.getByRole('alert').locator('li'), [
    'Row 5: The message_id field names a message to another number.',
  ])
  await expectAccessible(page)
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Download result CSV' }).click()
  const saved = parse(await savedContent(await download), { bom: true })
  expect(saved.map(([mobile]: string[]) => mobile)).toEqual(['mobile', '447700900001', '447700900002', '447700900003'])
  expect(saved[2]?.[2]).toBe('"Bob')
})

it('sends twelve thousand in requests of ten thousand at most; after a failure it goes on without making any twice', async () => {
  await storeLink(site.db, 26, 307, { title: 'Many' })
  const content = ['mobile', ...Array.from({ length: 12_000 }, (_, at) => String(447_700_000_000 + at))].join('\n')
  const page = await openDashboard(browser, site, '#/links/307/recipients')
  const sizes: number[] = []
  let failures = 1
  await page.route('**/link/urls/307/recipients', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    const { recipients } = route.request().postDataJSON()
    sizes.push(recipients.length)
    if (recipients.length < 10_000 && failures-- > 0)
      return route.fulfill({ status: 429, headers: { 'retry-after': '7' }, json: {} })
    return route.continue()
  })
  const dialog = await openUpload(page, await csvFile('many.csv', content))
  await dialog.getByRole('button', { name: 'Create 12,000 short URLs' }).click()
  await dialog.getByText('Too many requests. Try again in 7 s.').waitFor()
  await dialog.getByText('10,000 of 12,000 recipients have short URLs.').waitFor()
  await dialog.getByRole('button', { name: 'Try again' }).click()
  await dialog.locator('.dialog-body').getByText('12,000 recipients have short URLs.').waitFor()
  expect(sizes).toEqual([10_000, 2_000, 10_000, 2_000])
  expect((await listed(307)).meta.total).toBe(12_000)
})

it('keeps what was made when trying again comes less far, and when it is stopped, with the file of it', async () => {
  await storeLink(site.db, 26, 331, { title: 'Again' })
  const content = ['mobile', ...Array.from({ length: 10_002 }, (_, at) => String(447_700_000_000 + at))].join('\n')
  const page = await openDashboard(browser, site, '#/links/331/recipients')
  let requests = 0
  await page.route('**/link/urls/331/recipients', async (route) => {
    if (route.request().method() !== 'POST' || ++requests === 1) return route.continue()
    if (requests < 4) return route.fulfill({ status: 429, headers: { 'retry-after': '7' }, json: {} })
    // The fourth is never answered.
  })
  const dialog = await openUpload(page, await csvFile('again.csv', content))
  const partly = () => dialog.getByText('10,000 of 10,002 recipients have short URLs.').waitFor()
  await dialog.getByRole('button', { name: 'Create 10,002 short URLs' }).click()
  await partly()
  await dialog.getByRole('button', { name: 'Try again' }).click()
  await expect.poll(() => requests).toBe(3)
  await dialog.getByText('Too many requests. Try again in 7 s.').waitFor()
  await partly()
  await dialog.getByRole('button', { name: 'Try again' }).click()
  await dialog.getByRole('button', { name: 'Stop' }).click()
  await partly()
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Download result CSV' }).click()
  const saved = parse(await savedContent(await download), { bom: true })
  expect(saved.length).toBe(10_001)
  expect(saved[10_000]).toEqual([
    '447700009999',
    expect.stringMatching(/^\w+$/),
    expect.stringMatching(/^http.*\/\w+$/),
  ])
})

it.each([
  ['Stop', 332],
  ['Escape', 333],
])(
  'shows whom the server has stored before the person left with %s, though the answer has not come',
  async (how, id) => {
    await storeLink(site.db, 26, id, { title: 'Left' })
    const page = await openDashboard(browser, site, `#/links/${id}/recipients`)
    const stored = new Promise<void>((resolve) => {
      void page.route(`**/link/urls/${id}/recipients`, async (route) => {
        if (route.request().method() !== 'POST') return route.continue()
        await route.fetch()
        resolve()
      })
    })
    const dialog = await openUpload(page, await csvFile(`left-${how}.csv`, 'mobile\n447700900001\n447700900002\n'))
    await dialog.getByRole('button', { name: 'Create 2 short URLs' }).click()
    await stored
    if (how === 'Stop') await dialog.getByRole('button', { name: how }).click()
    else await page.keyboard.press(how)
    await page.getByText('2 in all').waitFor()
  },
)

it('says when a file is empty, and shows the requests of the page as lines for a shell', async () => {
  await storeSent(308, 'Empty file')
  const page = await openDashboard(browser, site, '#/links/308/recipients?opened=0')
  const dialog = await openUpload(page, await csvFile('empty.csv', 'mobile\n'))
  await dialog.getByText('There is no row in this file.').waitFor()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByText('1–25 of 57').waitFor()
  await page.getByRole('button', { name: 'Show requests of this page' }).click()
  await page.getByText('/link/urls/308/recipients?page=1&per_page=25&filter[visited]=0').waitFor()
})

it('is used with the keyboard alone', async () => {
  await storeSent(309, 'Keys')
  const page = await openDashboard(browser, site, '#/links/309/recipients')
  await page.getByRole('radio', { name: 'All 60' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByText('3 in all').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByText('1–25 of 57').waitFor()
  await page.getByRole('button', { name: 'Add one' }).focus()
  await page.keyboard.press('Enter')
  const field = page.getByRole('dialog', { name: 'Add a recipient' }).getByLabel('Mobile number')
  await field.focus()
  await page.keyboard.type('447700900999')
  await page.keyboard.press('Enter')
  await page.getByText('The recipient has a short URL.').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('1–25 of 58').waitFor()
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Add one')
})

it.each([
  ['wide', 'light'],
  ['wide', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const)('has no barrier and fits the window: %s, %s', async (size, scheme) => {
  const id = { wide: 310, phone: 320 }[size] + { light: 1, dark: 2 }[scheme]
  await storeSent(id, 'Fits')
  const page = await openDashboard(browser, site, `#/links/${id}/recipients`, { size, scheme })
  await row(page, `/r${id}x60`).waitFor()
  await expectAccessible(page)
  await expectFits(page)
})
