import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import type { TestApp } from '../support/app.js'
import { addressOf } from '../support/event-stream.js'
import { newVisit, newWebhook, storeLink } from '../support/visits.js'
import { expectAccessible, expectFits } from './accessible.js'
import { openBrowser, openDashboard, tokenOf } from './browser.js'
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
const get = async (path: string, token = tokenOf(site)) => {
  const answer = await fetch(addressOf(site) + path, { headers: { authorization: `Bearer ${token}` } })
  return { ...((await answer.json()) as { data: Record<string, unknown>[] }), status: answer.status }
}

/** Three visits that a webhook is told of: one was delivered, one was given up, one waits after two attempts. */
async function storeDeliveries(linkId: number): Promise<string> {
  const webhookId = await newWebhook(site.db, 26, 'https://hooks.example.com/visit')
  await storeLink(site.db, 26, linkId, { webhookId, title: 'Hooked' })
  const visits = [newVisit(linkId), newVisit(linkId), newVisit(linkId)]
  await appendVisits(site.db, 26, visits, { isLive: true })
  const change = (seq: number, set: string) =>
    site.db.pool.query(`UPDATE webhook_deliveries SET ${set} WHERE user_id = 26 AND link_id = $1 AND seq = $2`, [
      linkId,
      seq,
    ])
  await change(1, `state = 'delivered', attempts = 1, last_status = 204, last_attempt_at = now()`)
  await change(2, `state = 'parked', attempts = 9, last_status = 500, last_error = 'HTTP 500', last_attempt_at = now()`)
  await change(3, `attempts = 2, last_error = 'connect ECONNREFUSED', last_attempt_at = now()`)
  return webhookId
}

it('makes an access token with the scopes chosen, shows it once, and revokes it only after it has asked', async () => {
  const page = await openDashboard(browser, site, '#/developer')
  await page.getByText('No access tokens').waitFor()
  await page.getByText('No webhooks').waitFor()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog', { name: 'New access token' })
  await dialog.getByLabel('Name').fill('Reports')
  await dialog.getByLabel('links:read').uncheck()
  await dialog.getByLabel('webhooks:read').check()
  await dialog.getByLabel('Expires').selectOption('in 30 days')
  await dialog.getByLabel('Allowed from').fill('127.0.0.1, nonsense')
  await dialog.getByRole('button', { name: 'Create token' }).click()
  await dialog.getByText('The allowed ips field must be up to 100 addresses').waitFor()
  await expectAccessible(page)
  await dialog.getByLabel('Allowed from').fill('127.0.0.1, 10.0.0.0/8')
  await dialog.getByRole('button', { name: 'Create token' }).click()
  const made = page.getByRole('dialog', { name: 'Copy the access token now' })
  await made.getByRole('button', { name: 'Copy token' }).click()
  // Within the dialog: what is outside of it is not read out.
  await made.getByRole('status').getByText('Copied.').waitFor()
  await expectAccessible(page)
  const token = await page.evaluate(() => navigator.clipboard.readText())
  expect(token).toMatch(/^[0-9A-Za-z]{40}$/)
  await made.getByRole('button', { name: 'Done' }).click()
  expect(await page.content()).not.toContain(token)
  const me = (await get('/auth/me', token)) as unknown as { data: { token: Record<string, unknown> } }
  expect(me.data.token).toMatchObject({
    name: 'Reports',
    scopes: ['visits:read', 'webhooks:read'],
    allowed_ips: ['127.0.0.1', '10.0.0.0/8'],
  })
  const lifetimeMs = Date.parse(String(me.data.token.expires_at)) - Date.parse(String(me.data.token.created_at))
  expect(Math.round(lifetimeMs / 86_400_000)).toBe(30)

  await page.reload()
  await expectTexts(row(page, 'Reports').getByRole('cell'), [
    ...['Reports', 'visits:read webhooks:read', '127.0.0.1, 10.0.0.0/8', expect.stringMatching(/now|ago/)],
    ...[expect.stringMatching(/^\d{1,2} \w+ 20\d\d$/), 'Revoke'],
  ])
  await page.getByRole('button', { name: 'Revoke: Reports' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  expect((await get('/auth/me', token)).status).toBe(200)
  await page.getByRole('button', { name: 'Revoke: Reports' }).click()
  await page.getByRole('button', { name: 'Revoke token' }).click()
  await row(page, 'Reports').getByText('Revoked').waitFor()
  expect((await get('/auth/me', token)).status).toBe(401)
})

it('gives no token more than the one in use may do, and says so', async () => {
  const page = await openDashboard(browser, site, '#/developer')
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog', { name: 'New access token' })
  await dialog.getByLabel('Name').fill('Numbers')
  await dialog.getByLabel('visits:pii').check()
  await dialog.getByRole('button', { name: 'Create token' }).click()
  await dialog.getByText('The scopes field must not have scopes that the token in use has not.').waitFor()
})

it('says what a token may not do, and shows the rest of the page all the same', async () => {
  const token = tokenOf(site, 'webhooks:read')
  const page = await openDashboard(browser, site, '#/developer', { token })
  await page.getByText('This access token may not do that: it lacks the scope admin.').waitFor()
  await page.getByText('No webhooks').waitFor()
  expect(await page.getByRole('button', { name: 'New token' }).count()).toBe(0)
})

it('makes, changes and deletes a webhook', async () => {
  const page = await openDashboard(browser, site, '#/developer')
  await page.getByRole('button', { name: 'New webhook' }).click()
  const dialog = page.getByRole('dialog', { name: 'New webhook' })
  await dialog.getByLabel('Name').fill('Orders')
  await dialog.getByLabel('Address').fill('not an address')
  await dialog.getByRole('button', { name: 'Create webhook' }).click()
  await dialog.locator('.error').waitFor()
  await expectAccessible(page)
  await dialog.getByLabel('Address').fill('https://hooks.example.com/{link_id}')
  await dialog.getByLabel('Secret').fill('s3cret')
  await dialog.getByRole('button', { name: 'Create webhook' }).click()
  await row(page, 'Orders').getByText('Active').waitFor()
  expect((await get('/developer/webhooks')).data).toMatchObject([
    { name: 'Orders', uri: 'https://hooks.example.com/{link_id}', secret: '*****', status: 1 },
  ])
  await page.getByRole('button', { name: 'Edit: Orders' }).click()
  const edit = page.getByRole('dialog', { name: 'Edit webhook' })
  await edit.getByLabel('Name').fill('Baskets')
  await edit.getByLabel('Active', { exact: true }).uncheck()
  await edit.getByRole('button', { name: 'Save' }).click()
  await row(page, 'Baskets').getByText('Off').waitFor()
  // The secret was left empty: it stays.
  expect((await get('/developer/webhooks')).data).toMatchObject([{ name: 'Baskets', secret: '*****', status: 0 }])
  await page.getByRole('button', { name: 'Delete: Baskets' }).click()
  await page.getByRole('button', { name: 'Delete webhook' }).click()
  await page.getByText('No webhooks').waitFor()
  expect((await get('/developer/webhooks')).data).toEqual([])
})

it('shows the page before when the last webhook of a page was deleted, and leaves the page of the tokens', async () => {
  for (let count = 0; count < 11; count++) await newWebhook(site.db, 27, 'https://hooks.example.com/visit')
  const token = site.as(27).authorization.slice('Bearer '.length)
  const page = await openDashboard(browser, site, '#/developer?page=1&webhooks=2', { token })
  await page.getByText('11–11 of 11').waitFor()
  await page.getByRole('button', { name: 'Delete: a webhook' }).click()
  await page.getByRole('button', { name: 'Delete webhook' }).click()
  await page.getByText('10 in all').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Delete: a webhook' }).count()).toBe(10)
  expect(page.url()).toMatch(/\?page=1&webhooks=1$/)
})

it('shows what became of deliveries, one in detail, and sends again what was given up', async () => {
  const webhookId = await storeDeliveries(401)
  const page = await openDashboard(browser, site, '#/developer')
  await page.getByRole('link', { name: 'Deliveries: a webhook' }).click()
  await page.getByRole('heading', { name: 'Deliveries of a webhook' }).waitFor()
  await row(page, 'No. 1').waitFor()
  const delivered = [
    ['Link 401 No. 3', 'Waiting', '2', 'connect ECONNREFUSED'],
    ['Link 401 No. 2', 'Given up', '9', '500'],
    ['Link 401 No. 1', 'Delivered', '1', '204'],
  ]
  for (const [at, texts] of delivered.entries()) {
    const cells = page.locator('tbody tr').nth(at).getByRole('cell')
    await expectTexts(cells, [...texts, expect.anything(), expect.anything()])
  }
  expect(await page.locator('tbody tr').count()).toBe(3)
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Details: Link 401, No. 2' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delivery' })
  await dialog.getByText('HTTP 500').waitFor()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByText('Given up', { exact: true }).first().click()
  await row(page, 'No. 1').waitFor({ state: 'detached' })
  await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
  await page.getByRole('button', { name: 'Send all again that were given up' }).click()
  await page.getByText('1 will be sent again.').waitFor()
  await page.getByText('Nothing in this state').waitFor()
  const { data } = await get(`/developer/webhooks/${webhookId}/deliveries`)
  expect(data.map(({ seq, state }) => [seq, state])).toEqual([
    [3, 'pending'],
    [2, 'pending'],
    [1, 'delivered'],
  ])
  await page.getByRole('button', { name: 'Show requests of this page' }).click()
  await page.getByText(`/developer/webhooks/${webhookId}/deliveries?limit=25&filter[state]=parked`).waitFor()
})

it('says within the dialog that is open, and on the page again after it, what came of an action', async () => {
  const webhookId = await storeDeliveries(402)
  const page = await openDashboard(browser, site, `#/developer/webhooks/${webhookId}`)
  await page.route('**/replay', (route) => route.fulfill({ status: 404, json: {} }), { times: 1 })
  await page.getByRole('button', { name: 'Details: Link 402, No. 2' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delivery' })
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await dialog.getByRole('status').getByText('This does not exist, or it was deleted.').waitFor()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('status').getByText('It will be sent again.').waitFor()
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
})

it.each([
  ['wide', 'light'],
  ['wide', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const)('has no barrier and fits the window: %s, %s', async (size, scheme) => {
  const webhookId = await storeDeliveries({ wide: 410, phone: 420 }[size] + { light: 1, dark: 2 }[scheme])
  const page = await openDashboard(browser, site, '#/developer', { size, scheme })
  await row(page, 'a webhook').first().waitFor()
  await row(page, 'Reports').waitFor()
  await expectAccessible(page)
  await expectFits(page)
  await page.evaluate((id) => location.assign(`#/developer/webhooks/${id}`), webhookId)
  await row(page, 'No. 1').waitFor()
  await expectAccessible(page)
  await expectFits(page)
})
