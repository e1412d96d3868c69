import { v7 as uuidv7 } from 'uuid'
import type { Database } from '../../src/database/open.js'
import type { Prisma } from '../../src/database/prisma/client.js'
import type { NewVisit, UserAgent } from '../../src/visits/visit.js'

export const chromeOnMac: UserAgent = Object.freeze({
  userAgent:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.99 Safari/537.36',
  hints: null,
  browser: 'Chrome',
  browserVersion: '67.0.3396.99',
  browserEngine: 'Blink',
  platform: 'Mac',
  platformVersion: '10.13.6',
  platformName: 'MAC',
  deviceType: 'desktop',
  deviceBrand: 'Apple',
  deviceModel: null,
  touchEnabled: false,
})

export const localhost = Object.freeze({
  country: 'localhost',
  countryCode: null,
  region: null,
  city: 'localhost',
  zipcode: null,
  latitude: null,
  longitude: null,
  timezone: null,
})

/** A visit of a person from 127.0.0.1 with Chrome on a Mac, but for what is given. */
export function newVisit(linkId: number, given: Partial<NewVisit> = {}): NewVisit {
  return {
    id: uuidv7(),
    visitId: uuidv7(),
    linkId,
    createdAt: new Date('2022-10-31T10:07:27Z'),
    recipientId: null,
    clientIp: '127.0.0.1',
    scheme: null,
    host: null,
    queryString: null,
    browserLang: 'en',
    resolution: null,
    userAgent: chromeOnMac,
    place: localhost,
    isBot: false,
    options: null,
    ...given,
  }
}

/** Stores an owner and links of theirs, with nothing in them, and with tokens such as `link1x20`. */
export async function storeLinks(db: Database, ownerId: number, ...linkIds: number[]): Promise<void> {
  await db.prisma.owner.upsert({ where: { id: ownerId }, create: { id: ownerId }, update: {} })
  for (const id of linkIds) await storeLink(db, ownerId, id)
}

/** The same for one link, with what is given. */
export async function storeLink(
  db: Database,
  ownerId: number,
  id: number,
  given: Partial<Prisma.LinkUncheckedCreateInput> = {},
): Promise<void> {
  const { token = `link${ownerId}x${id}` } = given
  await db.prisma.owner.upsert({ where: { id: ownerId }, create: { id: ownerId }, update: {} })
  await db.prisma.link.create({ data: { userId: ownerId, id, longUrl: `https://example.com/${id}`, ...given, token } })
  if (token !== null) await db.prisma.token.create({ data: { token, userId: ownerId, linkId: id } })
}

/** A webhook of an owner, and its id. */
export async function newWebhook(db: Database, ownerId: number, uri: string): Promise<string> {
  await db.prisma.owner.upsert({ where: { id: ownerId }, create: { id: ownerId }, update: {} })
  const { rows } = await db.pool.query<{ id: string }>(
    `INSERT INTO webhooks (user_id, id, name, uri, verification_code)
     VALUES ($1, gen_random_uuid(), 'a webhook', $2, 'whsec_' || repeat('A', 43) || '=') RETURNING id`,
    [ownerId, uri],
  )
  return rows[0]?.id ?? ''
}

/** Stores recipients 1, 2, 3 … of an empty link, with the tokens given or such as `r20x1`. */
export async function storeRecipients(
  db: Database,
  ownerId: number,
  linkId: number,
  mobiles: string[],
  tokens: string[] = [],
): Promise<void> {
  const people = mobiles.map((mobile, index) => {
    return { mobile, id: index + 1, token: tokens[index] ?? `r${linkId}x${index + 1}` }
  })
  await db.prisma.link.update({
    where: { userId_id: { userId: ownerId, id: linkId } },
    data: { lastRecipient: mobiles.length, isAdvanced: true },
  })
  await db.prisma.token.createMany({ data: people.map(({ token }) => ({ token, userId: ownerId, linkId })) })
  await db.prisma.recipient.createMany({ data: people.map((person) => ({ userId: ownerId, linkId, ...person })) })
}
