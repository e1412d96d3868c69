import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { importVisits } from '../../../src/visits/files/import.js'
import { testApp } from '../../support/app.js'
import { newVisit } from '../../support/visits.js'

const count = 300_000

async function* lines() {
  for (let nth = 0; nth < count; nth++) {
    const { id } = newVisit(21)
    const created_at = new Date(Date.UTC(2026, 0, 1) + nth * 9_000).toISOString().slice(0, 19).replace('T', ' ')
    const client_ip = `10.${nth % 7}.${nth % 251}.${nth % 241}`
    yield Buffer.from(`${JSON.stringify({ id, created_at, client_ip, link_id: 21, user_id: 26 })}\n`)
  }
}

it('statistics of 300,000 visits are there as soon as these are imported, and without their blocks when the server has said', async () => {
  const site = await testApp()
  const { db } = site
  const options = { format: 'ndjson', zone: 'UTC', keepOrder: true, ownerId: undefined, linkId: undefined } as const
  const report = { refused: () => {}, reading: () => {}, storing: () => {} }
  await importVisits(db, Readable.from(lines()), options, report)
  const ask = async (app: typeof site, path: string) =>
    app.app.inject({ url: `${path}?interval=day&group_by=browser`, headers: app.as(26) })
  const paths = ['/link/urls/21/visits/stats', '/link/visits/stats']
  const first = await Promise.all(paths.map((path) => ask(site, path)))
  expect(first.map(({ statusCode }) => statusCode)).toEqual([200, 200])
  for (const answer of first) expect(answer.json().data.totals.visits).toBe(count)

  await db.pool.query('DELETE FROM visit_blocks')
  const other = await testApp({ databaseUrl: site.url })
  const answers = await Promise.all(
    paths.map(async (path) => {
      const early = await ask(other, path)
      if (early.statusCode === 200) return early
      expect(early.json().message).toMatch(/^The statistics are being prepared: \d+ of 300000 visits are counted\./)
      await wait(Number(early.headers['retry-after']) * 1000)
      return ask(other, path)
    }),
  )
  for (const [nth, answer] of answers.entries()) expect(answer.json().data).toEqual(first[nth]?.json().data)
})
