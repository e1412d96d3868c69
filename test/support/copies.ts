/** Links and visits to be copied from one server to another, and what of them clients see. */
import { v7 as uuidv7 } from 'uuid'
import type { Database } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import type { NewVisit } from '../../src/visits/visit.js'
import type { TestApp } from './app.js'
import { chromeOnMac, newVisit, storeLink, storeRecipients } from './visits.js'

const start = Date.parse('2026-01-01T00:00:00Z')
const place = {
  ...{ country: 'Germany', countryCode: 'DE', region: 'Hesse', city: 'Frankfurt am Main', zipcode: null },
  ...{ latitude: '50.11', longitude: '8.68', timezone: 'Europe/Berlin' },
}
const kinds: Partial<NewVisit>[] = [
  {},
  { isBot: true, options: { bot: true, bot_reason: 'preview' }, clientIp: '2001:db8::1', place: null },
  { userAgent: { ...chromeOnMac, userAgent: 'Other/1.0', browser: null }, scheme: 'https', host: 's.example.com' },
  { queryString: 'a=1&b[]=ä', clientIp: null, place, browserLang: null, resolution: '1x1' },
]

/** So many visits of a link, a second after one another. */
export async function addVisits(
  db: Database,
  linkId: number,
  number: number,
  { ownerId = 26, ...given }: Partial<NewVisit> & { ownerId?: number } = {},
): Promise<void> {
  const visits = Array.from({ length: number }, (_, nth) =>
    newVisit(linkId, { id: uuidv7(), createdAt: new Date(start + nth * 1000), ...kinds[nth % kinds.length], ...given }),
  )
  for (let at = 0; at < number; at += 2000) await appendVisits(db, ownerId, visits.slice(at, at + 2000))
}

/** An owner with a link of many kinds of visits, one that was sent to people, one with settings, and one that nobody opened. */
export async function fillAccount({ db }: TestApp, ownerId = 26): Promise<void> {
  const [seen, seenToo, unseen] = [`a${ownerId}`, `b${ownerId}`, `c${ownerId}`]
  await storeLink(db, ownerId, 20, { title: 'Poster', createdAt: new Date('2022-10-11T09:58:42.123Z') })
  await storeLink(db, ownerId, 21, { title: 'Sent', longUrl: 'https://example.com/?m={mobile}', status: 0 })
  const rules = [{ when: { platform: ['iOS'] }, long_url: 'https://example.com/ios' }]
  const limits = { maxVisits: 100_000, fallbackUrl: 'https://example.com/sorry' }
  const settings = { ...limits, redirectStatus: 307, forwardQuery: true, tags: ['a', 'b'], rules }
  await storeLink(db, ownerId, 26001, { ...settings, expiresAt: new Date('2030-01-01') })
  await storeLink(db, ownerId, 26002, { title: 'Unopened' })
  await addVisits(db, 20, 100, { ownerId })
  await addVisits(db, 26001, 7, { ownerId })
  await storeRecipients(db, ownerId, 21, ['9019955123', '447700900123', '447700900124'], [seen, seenToo, unseen])
  await db.prisma.recipient.update({
    where: { token: seenToo },
    data: { messageId: 'm-2', sentAt: new Date('2026-01-01T12:00:00Z') },
  })
  await addVisits(db, 21, 5, { ownerId, recipientId: 1 })
  await addVisits(db, 21, 4, { ownerId, recipientId: 2 })
  await db.prisma.owner.update({ where: { id: ownerId }, data: { lastLinkId: 26002 } })
}

/** Everything that a client can see of an owner. */
export async function accountOf(
  { app, as }: TestApp,
  { withRecipients = true, ownerId = 26 } = {},
): Promise<Record<string, unknown>> {
  const headers = as(ownerId, 'visits:read visits:pii links:read')
  const read = async (url: string) => {
    const rows: Record<string, unknown>[] = []
    for (let page = 1; ; page++) {
      const answer = await app.inject({
        url: `${url}${url.includes('?') ? '&' : '?'}per_page=100&page=${page}`,
        headers,
      })
      rows.push(...answer.json().data)
      if (page >= answer.json().meta.last_page) return rows
    }
  }
  const links = await read('/link/urls?include=settings')
  const account: Record<string, unknown> = { links }
  for (const { id, is_advanced } of links) {
    account[`visits of ${id}`] = await read(`/link/urls/${id}/visits`)
    if (is_advanced === 1 && withRecipients) account[`recipients of ${id}`] = await read(`/link/urls/${id}/recipients`)
  }
  return account
}
