/** What is there before a case's request, and how answers show it. */
import { appendVisits } from '../../src/visits/append.js'
import { chromeOnMac, newVisit, storeLink, storeRecipients } from '../support/visits.js'
import type { Given } from './site.js'

const at = new Date('2022-10-11T09:58:42Z')
const shownAt = '2022-10-11T09:58:42.000000Z'

type LinkFields = Parameters<typeof storeLink>[3]

/** A link of the case's owner; its code is `<token 20>`. */
export function link(id: number, fields: LinkFields = {}): Given {
  return async ({ site, id: owner, known }) => {
    const token = `c${owner}l${id}`
    await storeLink(site.db, owner, id, { createdAt: at, updatedAt: at, token, ...fields })
    await site.db.prisma.owner.update({ where: { id: owner }, data: { lastLinkId: id } })
    known.set(`token ${id}`, token)
  }
}

/** A link of another owner, with this id. */
export function foreignLink(id: number): Given {
  return async ({ site, id: owner, known }) => {
    const token = `c${owner}f${id}`
    await storeLink(site.db, owner + 1_000_000, id, { token })
    known.set('token foreign', token)
  }
}

/** A link in lists and alone. */
export function shownLink(id: number, changes: object = {}): object {
  return {
    id,
    title: '',
    short_url: `https://s.example.com/<token ${id}>`,
    long_url: `https://example.com/${id}`,
    webhook_id: null,
    token: `<token ${id}>`,
    visits: 0,
    last_visited: null,
    is_advanced: 0,
    status: 1,
    created_at: shownAt,
    updated_at: shownAt,
    ...changes,
  }
}

/** The first link of an owner, as the answer to its creation shows it. */
export function createdLink(changes: object = {}): object {
  return {
    ...shownLink(1),
    id: '<id new>',
    short_url: 'https://s.example.com/<code>',
    long_url: 'https://example.com/a',
    token: '<code>',
    visits: [],
    is_advanced: '0',
    created_at: '<instant>',
    updated_at: '<instant>',
    ...changes,
  }
}

/** A link as the answer to its edit shows it. */
export function editedLink(id: number, changes: object = {}): object {
  return { ...shownLink(id), visits: [], is_advanced: '0', updated_at: '<instant>', ...changes }
}

/** People a link was sent to, numbered from 1, with codes `<token r1>` …. */
export function recipients(linkId: number, ...mobiles: string[]): Given {
  return async ({ site, id: owner, known }) => {
    const tokens = mobiles.map((_, index) => `c${owner}r${index + 1}`)
    await storeRecipients(site.db, owner, linkId, mobiles, tokens)
    await site.db.prisma.recipient.updateMany({ where: { userId: owner, linkId }, data: { createdAt: at } })
    for (const [index, token] of tokens.entries()) known.set(`token r${index + 1}`, token)
  }
}

/** Openings of a link: the documented visit with what is given, numbered from `first` on. */
export function visits(linkId: number, first: number, ...given: Parameters<typeof newVisit>[1][]): Given {
  return async ({ site, id: owner }) => {
    const all = given.map((fields, index) => newVisit(linkId, { ...visitIds(first + index), ...fields }))
    await appendVisits(site.db, owner, all)
  }
}

function visitIds(number: number) {
  const end = `${number}`.padStart(12, '0')
  return { id: `835b7433-0aaf-457c-88e7-${end}`, visitId: `58a26f02-73e2-40ef-ab35-${end}` }
}

/** The documented visit (docs/api-contract.md section 2), of a link without recipients. */
export function shownVisit(number: number, linkId: number, changes: object = {}): object {
  const { id, visitId } = visitIds(number)
  return {
    ...{ id, user_id: '<owner>', link_id: `${linkId}`, client_ip: '127.0.0.1', scheme: null, host: null },
    ...{ query_string: '', user_agent: chromeOnMac.userAgent, browser: 'Chrome', browser_version: '67.0.3396.99' },
    ...{ browser_lang: 'en', browser_engine: 'Blink', resolution: null, platform: 'Mac', platform_version: '10.13.6' },
    ...{ platform_name: 'MAC', device_type: 'desktop', device_brand: 'Apple', device_model: '', touch_enabled: '0' },
    ...{ latitude: '', longitude: '', country: 'localhost', country_code: '', region: '', city: 'localhost' },
    ...{ zipcode: '', timezone: '', options: null, created_at: '2022-10-31 10:07:27', visit_id: visitId },
    ...{ token: null, message_id: null, mobile: null },
    ...changes,
  }
}

/** A webhook whose id is `<id hook>`. */
export function webhook(
  fields: Partial<{ id: string; name: string; secret: string | null; status: number }> = {},
): Given {
  return async ({ site, id: owner, known }) => {
    const row = { id: '01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e11', name: 'Orders', secret: 's3cret', status: 1, ...fields }
    await site.db.prisma.owner.upsert({ where: { id: owner }, create: { id: owner }, update: {} })
    const uri = 'https://hooks.example.com/visits'
    const verificationCode = `whsec_${'A'.repeat(43)}=`
    await site.db.prisma.webhook.create({
      data: { userId: owner, uri, verificationCode, createdAt: at, updatedAt: at, ...row },
    })
    known.set('id hook', row.id)
  }
}

/** A webhook as answers show it (docs/api-contract.md section 8). */
export function shownWebhook(changes: object = {}): object {
  return {
    ...{ id: '<id hook>', name: 'Orders', uri: 'https://hooks.example.com/visits', secret: '*****' },
    ...{ verification_code: '*****', status: 1, created_at: shownAt, updated_at: shownAt },
    ...changes,
  }
}
