import type { FastifyInstance } from 'fastify'
import { expect, it } from 'vitest'
import { HttpError } from '../../src/http/errors.js'
import { appendVisits } from '../../src/visits/append.js'
import { bearer, testApp } from '../support/app.js'
import { emptiedDatabase } from '../support/database.js'
import { rawRequest } from '../support/raw-http.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

const database = emptiedDatabase()

const mobile = '919019955123'

async function loggedSite(more: (app: FastifyInstance) => void = () => {}) {
  const lines: string[] = []
  const site = await testApp({
    databaseUrl: (await database()).url,
    log: { level: 'trace', stream: { write: (line) => lines.push(line) } },
    extend: (app) => {
      more(app)
      app.get('/fails/:number', async ({ params, url }) => {
        const { number } = params as { number: string }
        const cause = Object.assign(new Error(`duplicate key: (mobile)=(${number})`), { detail: `Key (${number})` })
        throw Object.assign(new Error(`no answer for ${url} with ${bearer({ sub: '1' }).authorization}`, { cause }), {
          code: 'P2002',
          meta: { number },
          where: `unnamed portal parameter $1 = '${number}'`,
        })
      })
      app.get('/fails/text', async () => {
        throw `number ${mobile}`
      })
    },
  })
  return { ...site, lines, logged: () => lines.map((line) => JSON.parse(line)) }
}

it('never holds tokens, query strings, headers, addresses of clients or phone numbers', async () => {
  const { app, db, lines } = await loggedSite()
  await storeLinks(db, 26, 21)
  await storeRecipients(db, 26, 21, [mobile], ['JFlCjw'])
  await appendVisits(db, 26, [newVisit(21, { recipientId: 1 })])
  const { authorization } = bearer({ sub: '26', scope: 'visits:read visits:pii' })
  const token = authorization.slice('Bearer '.length)
  const expired = bearer({ sub: '26', exp: 1 }).authorization
  const headers = { 'user-agent': 'secret-agent', cookie: 'secret-cookie', referer: 'https://secret-referer.example/' }
  const filter = `filter[mobile]=${mobile}&secret-parameter=1`
  const paths = [
    `/link/urls/21/visits?access_token=${token}&${filter}`,
    `/link/urls/21/visits?per_page=${mobile}&access_token=${token}`,
    `/link/urls/${mobile}/visits?access_token=${token}`,
    `/secret-path/${mobile}?access_token=${token}&${filter}`,
    `/%zz/${mobile}?access_token=${token}`,
    `/fails/${mobile}?access_token=${token}&secret-parameter=1`,
    '/fails/text',
  ]
  const statuses: number[] = []
  for (const url of paths) {
    statuses.push((await app.inject({ url, headers, remoteAddress: '203.0.113.77' })).statusCode)
  }
  await app.inject({ url: '/link/urls/21/visits', headers: { authorization: expired } })
  await app.inject({ method: 'POST', url: `/health?${filter}`, headers: { authorization } })
  await rawRequest(app, `GET /secret-path HTTP/1.1\r\nAuthorization: ${authorization}\r\noops\r\n\r\n`)
  expect(statuses).toEqual([200, 422, 404, 404, 400, 500, 500])
  const log = lines.join('')
  for (const secret of [token, expired, 'eyJ', mobile, '9019955', 'secret-', 'access_token', '203.0.113.77']) {
    expect(log).not.toContain(secret)
  }
  expect(lines.length).toBeGreaterThan(2 * paths.length)
})

it('says of a request its verb, its route and what became of it', async () => {
  const { app, logged } = await loggedSite()
  const answer = await app.inject('/link/urls/21/visits?page=2')
  expect(logged()).toMatchObject([
    { level: 30, msg: 'incoming request', req: { method: 'GET', route: '/link/urls/:id/visits' } },
    { level: 30, msg: 'request completed', res: { statusCode: 401 } },
  ])
  for (const { reqId } of logged()) expect(reqId).toBe(answer.headers['x-request-id'])
})

it('says of a failure its kind, code, text and place', async () => {
  const { app, logged } = await loggedSite()
  await app.inject(`/fails/${mobile}?x=1`)
  const { err } = logged().find(({ msg }) => msg === 'request failed')
  expect(err).toEqual({
    type: 'Error',
    code: 'P2002',
    message: 'no answer for /fails/[number]?[query] with Bearer [token]',
    stack: expect.stringContaining('log.test.ts'),
    cause: { type: 'Error', message: 'duplicate key: (mobile)=([number])', stack: expect.any(String) },
  })
})

it('says of a 503 that is meant its reason and nothing of the code', async () => {
  const { app, logged } = await loggedSite((site) => {
    site.get('/busy', async () => {
      throw new HttpError(503, 'The server is busy. Try again soon.')
    })
  })
  await app.inject('/busy')
  const loud = logged().filter(({ level }) => level > 30)
  expect(loud).toMatchObject([{ level: 40, msg: 'request refused', reason: 'The server is busy. Try again soon.' }])
  expect(loud[0].err).toBeUndefined()
})

it('cuts out of texts of errors whatever could be a token or a key', async () => {
  const opaque = 'pS3hQ0vZ8kLw2mXc7RtYb1NfGdJ5aUe9oVi4TqHx'
  const { app, lines, logged } = await loggedSite((site) => {
    site.get('/quotes', async () => {
      throw new Error(
        `key (token)=(${opaque}) of whsec_c21hcnQtbGluaw== at https://a.example/?access_token=${opaque} "${opaque}"`,
      )
    })
  })
  await app.inject('/quotes')
  const { err } = logged().find(({ msg }) => msg === 'request failed')
  expect(err.message).toBe('key (token)=([token]) of [token] at https://a.example/?[query] "[token]"')
  expect(lines.join('')).not.toContain(opaque)
})

it('is silent about refusals, which are no failures', async () => {
  const { app, logged } = await loggedSite()
  await app.inject('/nope')
  await app.inject('/%zz')
  await app.inject({ method: 'POST', url: '/health' })
  expect(logged().filter(({ level }) => level > 30)).toEqual([])
})
