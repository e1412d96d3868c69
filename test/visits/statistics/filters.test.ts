import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp } from '../../support/app.js'
import { links, moments, store, storeEmpty, visitShape } from '../../support/statistics-log.js'
import { type ModelVisit, modelStatistics } from '../../support/statistics-model.js'
import { ask, queryOf, question } from '../../support/statistics-questions.js'

/** More than a server remembers. */
const filters = [
  { country_code: 'IN' },
  { browser: '-Chrome' },
  { browser: '-Chrome', client_ip: '10.0.0.1' },
  { country_code: 'IN,DE', browser_lang: 'en' },
  { host: '-go.example.com' },
  { city: 'Berlin' },
  { platform: 'Android,macOS' },
]

let site: TestApp
beforeAll(async () => {
  site = await openApp({ digests: { size: 64 } })
})
afterAll(async () => {
  await site?.close()
})

const step = fc.record({
  shapes: fc.array(visitShape, { minLength: 40, maxLength: 160, size: 'max' }),
  asked: fc.array(
    fc.record({
      question: question(links),
      filter: fc.constantFrom({}, ...filters),
      range: fc.constantFrom('open', 'cut'),
    }),
    {
      minLength: 5,
      maxLength: 5,
    },
  ),
})

it('under filters that were asked for before, counts what a list would, while the log grows and a link goes', async () => {
  let ownerId = 0
  // A smaller example would be looked for in minutes.
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...moments),
      fc.array(step, { minLength: 24, maxLength: 24 }),
      async ([timezone, moment], steps) => {
        ownerId += 1
        await storeEmpty(site, ownerId)
        const gone = new Set<number>()
        const visits: ModelVisit[] = []
        for (const [nth, { shapes, asked }] of steps.entries()) {
          const kept = shapes.filter(({ link }) => !gone.has(link))
          visits.push(...(await store(site, ownerId, kept, Date.parse(moment))))
          if (nth === 18) {
            gone.add(3)
            const deleted = await site.app.inject({ method: 'DELETE', url: '/link/urls/3', headers: site.as(ownerId) })
            expect(deleted.statusCode).toBe(200)
          }
          for (const { question, filter, range } of asked) {
            const link = gone.has(question.link ?? 0) || question.link === 2 ? null : question.link
            const open = range === 'open' && { from: null, to: null }
            const query = queryOf({ ...question, ...open, link, filter }, timezone, Date.parse(moment), String)
            const seen = visits.filter((visit) => (link === null ? !gone.has(visit.link) : visit.link === link))
            const answer = await ask(site, ownerId, link, query)
            const { recipients_sent, ...totals } = answer.totals
            const groups = answer.groups?.map(({ title, ...group }: { title?: string }) => group) ?? null
            expect({ ...answer, totals, groups }).toEqual(modelStatistics(seen, query))
          }
        }
        expect(visits.length).toBeGreaterThan(1_500)
      },
    ),
    { numRuns: 4, endOnFailure: true },
  )
}, 300_000)
