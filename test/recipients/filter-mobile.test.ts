import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { storeLink, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
  await storeLink(site.db, 26, 1)
  await storeRecipients(site.db, 26, 1, ['447700900801', '+447700900801', '+4407700900801', '9019955123', '4477009***'])
})
afterAll(() => site.close())

const get = async (query: string, scope = 'links:read visits:pii', owner = 26) => {
  const answer = await site.app.inject({ url: `/link/urls/1/recipients?${query}`, headers: site.as(owner, scope) })
  return { http: answer.statusCode, ids: answer.json().data.map(({ id }: { id: number }) => id), ...answer.json() }
}

describe('filter[mobile] on the recipients of a link', () => {
  it.each([
    ['+44 (0)7700 900801', [3, 2, 1]],
    ['00447700900801', [3, 2, 1]],
    ["'447700900801", [3, 2, 1]],
    ['9019955123', [4]],
    ['4477009***', [5]],
    ['447700900802', []],
  ])('finds the person by %s', async (mobile, ids) => {
    expect((await get(`filter[mobile]=${encodeURIComponent(mobile)}`)).ids).toEqual(ids)
  })

  it('has pages, and goes together with filter[visited]', async () => {
    const page = await get('filter[mobile]=447700900801&per_page=2&page=2')
    expect([page.ids, page.meta.total, page.meta.last_page]).toEqual([[1], 3, 2])
    expect((await get('filter[mobile]=447700900801&filter[visited]=1')).meta.total).toBe(0)
    expect((await get('filter[mobile]=447700900801&filter[visited]=0')).meta.total).toBe(3)
  })

  it('is for whoever may see numbers, of the account', async () => {
    expect((await get('filter[mobile]=447700900801', 'links:read')).http).toBe(403)
    expect((await get('filter[mobile]=447700900801', 'links:read visits:pii', 27)).http).toBe(404)
  })

  it.each(['Jo', '1', '4.47701E%2B11'])('refuses %s', async (mobile) => {
    expect((await get(`filter[mobile]=${mobile}`)).errors).toEqual({
      'filter.mobile': ['The filter mobile takes a phone number.'],
    })
  })
})
