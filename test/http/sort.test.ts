import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { newWebhook, storeLinks } from '../support/visits.js'

let site: TestApp
let webhook: string
beforeAll(async () => {
  site = await openApp()
  await storeLinks(site.db, 8, 21)
  webhook = await newWebhook(site.db, 8, 'https://www.example.com/hook')
})
afterAll(() => site.close())

const newestFirst = 'This list is newest first, and cannot be sorted otherwise.'

it.each([
  ['/link/urls', newestFirst],
  ['/link/urls/21/recipients', newestFirst],
  ['/developer/webhooks', newestFirst],
  ['/developer/webhooks/WEBHOOK/deliveries', newestFirst],
  ['/developer/tokens', newestFirst],
  ['/recipients/erasures', newestFirst],
  ['/audit/reads', newestFirst],
  ['/link/urls/21/visits', 'The sort field must be created_at or -created_at.'],
  ['/link/urls/21/visits/feed', 'A feed is in the order of recording.'],
  ['/link/visits/feed', 'A feed is in the order of recording.'],
  ['/link/urls/21/visits/stream', 'A stream is in the order of recording.'],
  ['/link/visits/stream', 'A stream is in the order of recording.'],
  ['/link/urls/21/visits/export', 'An export is in the order of recording.'],
  ['/link/urls/21/visits/stats', 'Statistics have an order of their own.'],
  ['/link/visits/stats', 'Statistics have an order of their own.'],
])('a list refuses an order that it does not have, with the name of the field: %s', async (path, message) => {
  const url = path.replace('WEBHOOK', webhook)
  for (const sort of ['sort=title', 'sort=-visits,title', 'sort[title]=asc', 'sort[]=id']) {
    const answer = await site.app.inject({ url: `/api/v2${url}?${sort}`, headers: site.as(8) })
    expect([sort, answer.statusCode, answer.json().errors]).toEqual([sort, 422, { sort: [message] }])
  }
})
