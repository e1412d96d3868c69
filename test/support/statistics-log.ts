/** Logs whose visits are stored and kept in a list as well, for statistics to be compared with. */
import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { appendVisits } from '../../src/visits/append.js'
import type { TestApp } from './app.js'
import type { ModelVisit } from './statistics-model.js'
import { hourMs, sharedMoment } from './statistics-questions.js'
import { chromeOnMac, localhost, newVisit, storeLinks, storeRecipients } from './visits.js'

export const links = [1, 2, 3]
export const tokenOf = (owner: number, link: number, recipient: number) => `o${owner}l${link}r${recipient}`

const agents = [
  chromeOnMac,
  { ...chromeOnMac, browserVersion: '68' },
  { ...chromeOnMac, browser: 'Safari' },
  { ...chromeOnMac, browser: 'Chrome', platform: 'Android', deviceType: 'smartphone', deviceBrand: 'Samsung' },
  { ...chromeOnMac, browser: null, platform: null, deviceType: null, deviceBrand: null },
]
const places = [
  localhost,
  { ...localhost, countryCode: 'IN', region: 'Haryana', city: 'Gurugram' },
  { ...localhost, countryCode: 'IN', region: 'Karnataka', city: 'Bengaluru' },
  { ...localhost, countryCode: 'DE', region: 'Berlin', city: 'Berlin', zipcode: '10115' },
  { ...localhost, countryCode: 'DE', region: 'Berlin', city: 'Berlin', zipcode: '10117' },
  null,
]

/** Zones, and a moment at which something happens to their clocks, or nothing ever does. */
export const moments = [
  ['UTC', '2026-01-01T00:00:00Z'],
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Asia/Kolkata', '2025-12-31T18:30:00Z'],
  ['Asia/Kathmandu', '2026-02-28T18:15:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  // Midnight is left out, or comes twice.
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
  ['Asia/Beirut', '2026-03-28T22:00:00Z'],
  // A whole day is left out.
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
] as const

export const visitShape = fc.record({
  /** Whole quarters now and then, where buckets begin. */
  time: fc.oneof(
    sharedMoment,
    fc.integer({ min: -60 * hourMs, max: 60 * hourMs }),
    fc.integer({ min: -240, max: 240 }).map((quarters) => (quarters * hourMs) / 4),
    fc.integer({ min: -12, max: 12 }).map((quarters) => (quarters * hourMs) / 4),
  ),
  link: fc.constantFrom(...links),
  isBot: fc.boolean(),
  agent: fc.constantFrom(...agents),
  place: fc.constantFrom(...places),
  browserLang: fc.constantFrom('en', 'de', null),
  host: fc.constantFrom('go.example.com', 's.example.com', null),
  clientIp: fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::1', null),
  recipientId: fc.constantFrom(1, 2, null),
  // Of bots nobody asks it; what else an import had there is no suspicion.
  options: fc.constantFrom(null, null, { suspect: 'network' }, { suspect: 'other' }, { campaign: 'spring' }),
})

export async function storeEmpty({ db }: TestApp, ownerId: number): Promise<void> {
  await storeLinks(db, ownerId, ...links)
  for (const link of links) {
    const tokens = [1, 2].map((recipient) => tokenOf(ownerId, link, recipient))
    await storeRecipients(db, ownerId, link, ['4477009001', '4477009002'], tokens)
  }
}

export async function store(
  { db }: TestApp,
  ownerId: number,
  shapes: (typeof visitShape extends fc.Arbitrary<infer T> ? T : never)[],
  moment: number,
): Promise<ModelVisit[]> {
  const visits = shapes.map(({ time, link, agent, recipientId, ...rest }) => ({
    ...newVisit(link, { id: uuidv7(), createdAt: new Date(moment + time), userAgent: agent, recipientId, ...rest }),
    link,
    token: recipientId === null ? null : tokenOf(ownerId, link, recipientId),
  }))
  await appendVisits(db, ownerId, visits)
  return visits
}
