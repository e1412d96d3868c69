import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp } from '../../support/app.js'
import { links, moments, store, storeEmpty, tokenOf, visitShape } from '../../support/statistics-log.js'
import { type ModelVisit, modelStatistics } from '../../support/statistics-model.js'
import { ask, queryOf, question } from '../../support/statistics-questions.js'

let site: TestApp
/** Another server on the same database, which keeps nothing in memory. */
let forgetful: TestApp
beforeAll(async () => {
  site = await openApp({ digests: { size: 64 } })
  forgetful = await openApp({ databaseUrl: site.url, digests: { size: 64, keptBytes: 1 } })
})
afterAll(async () => {
  await forgetful?.close()
  await site?.close()
})

it('counts what a list in memory would, while it grows', async () => {
  let ownerId = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...moments),
      fc.array(fc.record({ shapes: fc.array(visitShape, { maxLength: 100 }), question: question(links) }), {
        minLength: 6,
        maxLength: 8,
      }),
      async ([timezone, moment], steps) => {
        ownerId += 1
        await storeEmpty(site, ownerId)
        const visits: ModelVisit[] = []
        for (const { shapes, question } of steps) {
          visits.push(...(await store(site, ownerId, shapes, Date.parse(moment))))
          const { link } = question
          const tokenIn = (recipient: number) => tokenOf(ownerId, link ?? 1, recipient)
          const query = queryOf(question, timezone, Date.parse(moment), tokenIn)
          const seen = visits.filter((visit) => link === null || visit.link === link)
          const { totals, groups, ...others } = modelStatistics(seen, query)
          const isTitled = query.groupBy.includes('link')
          const expected = {
            ...others,
            totals: { ...totals, recipients_sent: link === null ? 6 : 2 },
            groups: groups?.map((group) => (isTitled ? { ...group, title: '' } : group)) ?? null,
          }
          expect(await ask(site, ownerId, link, query)).toEqual(expected)
          expect(await ask(forgetful, ownerId, link, query)).toEqual(expected)
        }
      },
    ),
    { numRuns: 40 },
  )
})
