import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { newVisit, storeLinks } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
  await storeLinks(site.db, 26, 21)
  await appendVisits(site.db, 26, [newVisit(21), newVisit(21)])
})
afterAll(() => site.close())

const name = fc.oneof(
  fc.constantFrom('page', 'per_page', 'filter', 'filter[browser]', 'filter[created_at]', 'filter[]', 'sort', 'include'),
  fc.constantFrom(
    'access_token',
    'cursor',
    'since',
    'as_of',
    'from',
    'to',
    'limit',
    'fields',
    'page[]',
    'page[number]',
    '__proto__',
    'a.b',
  ),
  fc.stringMatching(/^[a-z_]{1,8}(\[[a-z0-9]{0,4}\]){0,3}$/),
)
const value = fc.oneof(
  fc.constantFrom('', '0', '1', '2', '-1', '1.5', '1e3', '100', '101', '02', '+1', ' 1', 'NaN', 'null', 'true'),
  fc.constantFrom('9223372036854775807', '9223372036854775808', '9007199254740993', '99999999999999999999', '0x10'),
  fc.constantFrom("' OR 1=1 --", '%', '_', '\\', '\u0000', '\ud800', '\u202e', '2026-01-01', '2026-13-45', '{}', '[]'),
  fc.maxSafeInteger().map(String),
  fc.string({ unit: 'grapheme' }),
)
const encoded = (text: string) => encodeURIComponent(text.toWellFormed())
const structured = fc
  .array(fc.tuple(name, value), { maxLength: 6 })
  .map((pairs) => pairs.map((pair) => pair.map(encoded).join('=')).join('&'))
// As a client without an encoder sends it: what Node's parser lets through.
const garbage = fc
  .array(
    fc.oneof(fc.constantFrom('&', '=', '[', ']', '%', '%0', '%zz', '+', 'page', 'filter'), fc.string({ maxLength: 3 })),
  )
  .map((parts) => parts.join('').replace(/[^\x21-\x7e\x80-\xff]/g, ''))

const feeds = ['/link/urls/21/visits/feed', '/link/visits/feed']

it.each([
  ['structured', structured],
  ['garbage', garbage],
])('a thousand %s query strings get a page or a refusal that names the fields, never a failure', async (_, queries) => {
  await fc.assert(
    fc.asyncProperty(queries, async (query) => {
      // The header first: an access_token that was generated must not decide.
      const answer = await site.app.inject({ url: `/link/urls/21/visits?${query}`, headers: site.as(26) })
      const body = answer.json()
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
      expect(body.code).toBe(answer.statusCode)
      if (answer.statusCode === 200) {
        expect(Object.keys(body)).toEqual(['status', 'code', 'message', 'data', 'links', 'meta'])
        expect(body.links.first).toMatch(/^https:\/\/api\.example\.com\/link\/urls\/21\/visits\?[\w%=&.~-]*page=1$/)
      } else {
        expect(answer.statusCode).toBe(422)
        expect(body).toEqual({ status: 'ERROR', code: 422, message: expect.any(String), data: [], errors: body.errors })
        expect(body.message.startsWith(Object.values<string[]>(body.errors).flat()[0] ?? '?')).toBe(true)
      }
    }),
    { numRuns: 1000 },
  )
})

it('the feeds take hostile queries alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(structured, garbage), fc.constantFrom(...feeds), async (query, feed) => {
      fc.pre(!query.includes('wait'))
      const answer = await site.app.inject({ url: `${feed}?${query}`, headers: site.as(26) })
      expect([200, 422]).toContain(answer.statusCode)
      expect(answer.json().code).toBe(answer.statusCode)
    }),
    { numRuns: 400 },
  )
})

it('the longest query that Node lets through is carried whole', async () => {
  const query = Array.from({ length: 1000 }, (_, i) => `p${i}=${'x'.repeat(8)}`).join('&')
  const answer = await site.app.inject({ url: `/link/urls/21/visits?${query}`, headers: site.as(26) })
  expect(answer.json().links.last).toBe(`https://api.example.com/link/urls/21/visits?${query}&page=1`)
})
