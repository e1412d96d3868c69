import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const documented = readFileSync(new URL('../fixtures/visits-page.json', import.meta.url), 'utf8')

it('answers the documented row byte for byte, keys in order', async () => {
  const { app, db, as } = site
  await storeLinks(db, 26, 20)
  await storeRecipients(db, 26, 20, ['9019955123'], ['JFlCjw'])
  const ids = { id: '835b7433-0aaf-457c-88e7-7433b00d1234', visitId: '58a26f02-73e2-40ef-ab35-de427e9a6c6b' }
  await appendVisits(db, 26, [newVisit(20, { ...ids, recipientId: 1 })])
  const answer = await app.inject({ url: '/link/urls/20/visits', headers: as(26) })
  const expected = JSON.stringify(JSON.parse(documented)).replaceAll('{endpoint}', 'https://api.example.com/')
  expect(answer.statusCode).toBe(200)
  expect(answer.body).toBe(expected)
})

it.each([
  ['/link/urls/21/visits', '/link/urls/21/visits'],
  ['/api/v2/link/urls/21/visits', '/api/v2/link/urls/21/visits'],
  ['/api/v2/api/v2/link/urls/21/visits', '/api/v2/api/v2/link/urls/21/visits'],
  ['/link/urls/21/visits/', '/link/urls/21/visits'],
  ['//api//v2//link/urls//21/visits//', '/api/v2/link/urls/21/visits'],
])('answers at %s and names it %s', async (url, path) => {
  const { app, db, as } = site
  const owner = newOwner()
  await storeLinks(db, owner, 21)
  const answer = await app.inject({ url: `${url}?per_page=1&x%5By%5D=1&access_token=no`, headers: as(owner) })
  expect(answer.json().meta.path).toBe(`https://api.example.com${path}`)
  expect(answer.json().links.first).toBe(`https://api.example.com${path}?per_page=1&x%5By%5D=1&page=1`)
})

it('numbers visits newest recorded first, whatever their time', async () => {
  const { app, db, as } = site
  const owner = newOwner()
  await storeLinks(db, owner, 21)
  const visits = [5, 1, 9, 3].map((day) => newVisit(21, { createdAt: new Date(`2026-01-0${day}T00:00:00Z`) }))
  await appendVisits(db, owner, visits.slice(0, 3))
  await appendVisits(db, owner, visits.slice(3))
  const answer = await app.inject({ url: '/link/urls/21/visits?per_page=3', headers: as(owner) })
  expect(answer.json().data.map((visit: { id: string }) => visit.id)).toEqual(
    visits
      .map(({ id }) => id)
      .reverse()
      .slice(0, 3),
  )
  expect(answer.json().meta.total).toBe(4)
})

it("answers for another owner's link exactly as for a missing one", async () => {
  const { app, db, as } = site
  await storeLinks(db, newOwner(), 21)
  const headers = as(newOwner())
  const foreign = await app.inject({ url: '/link/urls/21/visits', headers })
  const missing = await app.inject({ url: '/link/urls/999/visits', headers })
  expect(foreign.statusCode).toBe(404)
  expect(foreign.body).toBe('{"status":"ERROR","code":404,"message":"No results found","data":[]}')
  expect(foreign.body).toBe(missing.body)
})
