import { afterAll, beforeAll, expect, it } from 'vitest'
import { botReason } from '../../src/capture/policy.js'
import { describeUserAgent } from '../../src/capture/user-agent.js'
import fixture from '../fixtures/programs.json' with { type: 'json' }
import { openApp, type TestApp } from '../support/app.js'
import { storeLink, storeRecipients } from '../support/visits.js'

interface Sent {
  userAgent: string
  headers?: Record<string, string>
}

const programs: (Sent & { reason: string })[] = fixture.programs
const people: Sent[] = fixture.people

function reasonOf({ userAgent, headers = {} }: Sent) {
  const isProgram = describeUserAgent(userAgent, headers).is_bot
  const all = { ...headers, 'user-agent': userAgent }
  return botReason({
    method: 'GET',
    headers: all,
    isProgram,
    openedAt: new Date(),
    sentAt: null,
    isFromScanners: false,
  })
}

it.each(programs)('takes $userAgent for a program: $reason', (sent) => {
  expect(reasonOf(sent)).toBe(sent.reason)
  expect(describeUserAgent(sent.userAgent, sent.headers ?? {}).is_bot).toBe(true)
})

it.each(people)('takes $userAgent for a person', (sent) => {
  expect(reasonOf(sent)).toBeNull()
})

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

it('lets no program use up a link, mark a recipient as visited or count among people', async () => {
  await storeLink(site.db, 4, 1, { maxVisits: 1 })
  await storeRecipients(site.db, 4, 1, ['447700900123'], ['forOne'])
  for (const { userAgent, headers } of programs) {
    const answer = await site.app.inject({ url: '/forOne', headers: { ...headers, 'user-agent': userAgent } })
    expect(answer.statusCode, userAgent).toBe(302)
  }
  const key = { userId: 4n, linkId: 1n, id: 1n }
  const before = await site.db.prisma.recipient.findUniqueOrThrow({ where: { userId_linkId_id: key } })
  expect(before).toMatchObject({ visits: BigInt(programs.length), humanVisits: 0n, visited: false })

  const phone = { 'user-agent': people[0]?.userAgent ?? '' }
  expect((await site.app.inject({ url: '/forOne', headers: phone })).statusCode).toBe(302)
  expect((await site.app.inject({ url: '/forOne', headers: phone })).statusCode).toBe(410)
  const after = await site.db.prisma.recipient.findUniqueOrThrow({ where: { userId_linkId_id: key } })
  expect(after).toMatchObject({ humanVisits: 1n, visited: true })
})
