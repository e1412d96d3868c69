import { expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { testApp } from '../support/app.js'
import { newVisit, storeLinks } from '../support/visits.js'

const created = new Date('2022-10-11T09:58:42Z')

async function linkApp() {
  const { app, db, as } = await testApp({ env: { SHORT_URL: 'https://tx3.example/' } })
  await storeLinks(db, 26, 4)
  await db.prisma.link.updateMany({ data: { title: 'testing', createdAt: created, updatedAt: created } })
  const get = (headers: Record<string, string> = {}, url = '/link/urls/4') =>
    app.inject({ url, headers: { ...as(26), ...headers } })
  return { app, db, as, get }
}

it('shows a link with the documented keys in their order, both forms of time, and its visits', async () => {
  const { db, get } = await linkApp()
  await appendVisits(db, 26, [newVisit(4, { createdAt: new Date('2022-10-27T00:00:00Z') })])
  expect((await get()).body).toBe(
    JSON.stringify({
      status: 'OK',
      code: 200,
      message: 'OK',
      data: {
        id: 4,
        title: 'testing',
        short_url: 'https://tx3.example/link26x4',
        long_url: 'https://example.com/4',
        webhook_id: null,
        token: 'link26x4',
        visits: 1,
        last_visited: '2022-10-27 00:00:00',
        is_advanced: 0,
        status: 1,
        created_at: '2022-10-11T09:58:42.000000Z',
        updated_at: '2022-10-11T09:58:42.000000Z',
      },
    }),
  )
})

it('answers 304 until the link or its count of visits changes', async () => {
  const { db, get } = await linkApp()
  const tag = String((await get()).headers.etag)
  expect((await get({ 'if-none-match': tag })).statusCode).toBe(304)
  await appendVisits(db, 26, [newVisit(4)])
  expect((await get({ 'if-none-match': tag })).statusCode).toBe(200)
})

it('is not shown to another owner, nor without the scope links:read', async () => {
  const { app, as, get } = await linkApp()
  expect((await get(as(27))).json()).toEqual({ status: 'ERROR', code: 404, message: 'No results found', data: [] })
  expect((await app.inject({ url: '/link/urls/4', headers: as(26, 'visits:read') })).statusCode).toBe(403)
})
