import { randomUUID } from 'node:crypto'
import type { Database } from '../../../src/database/open.js'
import { appendVisits } from '../../../src/visits/append.js'
import { bearer } from '../../support/app.js'
import { chromeOnMac, localhost, newVisit, newWebhook, storeLink, storeRecipients } from '../../support/visits.js'
import { reference } from './values.js'

/** What is asked for on behalf of an owner, with all that there is of them marked by a word and a number of theirs. */
export interface Marked {
  word: string
  digits: string
}

export const [own, other]: [Marked, Marked] = [
  { word: 'canary-own', digits: '731006418' },
  { word: 'canary-other', digits: '842007319' },
]

/** One record of each kind that a request can name, by its name in `@own link`. */
export type Records = Record<string, string>

export interface World {
  /** A text of a request, as its caller sees it: whose is `@own`, and whose `@foreign`. @param set of their records */
  resolve(text: string, whose: Marked, set: number): string
  /** Records that no request has touched, in the place of the oldest ones. */
  renew(whose: Marked): Promise<void>
  /** Ids without a mark in them. */
  idsOf(whose: Marked): Set<string>
  /** An access token that is stored. */
  tokenOf(whose: Marked): string
}

/** Sends a right request of an owner. */
export type Ask = (whose: Marked, method: string, path: string, fields?: object) => Promise<Asked>

export interface Asked {
  body: { data: Record<string, unknown>; meta?: Record<string, unknown> }
  headers: Record<string, string>
}

/** How many records of each kind an owner has, so that few requests find one that another has just deleted. */
export const sets = 4

export async function openWorld(db: Database, ask: Ask): Promise<World> {
  const parts = new Map(
    [own, other].map((whose) => [whose, { sets: [] as Records[], ids: new Set<string>(), stored: '' }]),
  )
  const partOf = (whose: Marked) => parts.get(whose) ?? { sets: [], ids: new Set(), stored: '' }
  let made = 0
  const renew = async (whose: Marked) => {
    const part = partOf(whose)
    const records = await newRecords(db, ask, whose, ++made)
    part.sets = [...part.sets, records].slice(-sets)
    for (const kind of ['webhook', 'delivery', 'token', 'visit']) part.ids.add(records[kind] ?? '')
  }
  for (const whose of [own, other]) {
    for (let n = 0; n < sets; n++) await renew(whose)
    const { body } = await ask(whose, 'POST', '/developer/tokens', { name: whose.word, scopes: ['admin'] })
    partOf(whose).stored = String(body.data.access_token)
  }
  return {
    renew,
    idsOf: (whose) => partOf(whose).ids,
    tokenOf: (whose) => partOf(whose).stored,
    resolve: (text, whose, set) =>
      text.replace(reference, (_, side: string, kind: string) => {
        const { sets } = partOf(side === 'own' ? whose : strangerTo(whose))
        return sets[set]?.[kind] ?? ''
      }),
  }
}

export const strangerTo = (whose: Marked) => (whose === own ? other : own)

export const ownerHeaders = ({ digits }: Marked, claims: object = {}) =>
  bearer({ sub: digits, scope: 'admin visits:pii', ...claims })

async function newRecords(db: Database, ask: Ask, whose: Marked, nth: number): Promise<Records> {
  const { word, digits } = whose
  const owner = Number(digits)
  const link = Number(`${digits}${String(nth).padStart(4, '0')}`)
  const short = `${word}-${nth}`
  const webhook = await newWebhook(db, owner, `https://${word}.invalid/${nth}`)
  const content = { title: `${word} title`, longUrl: `https://${word}.example/`, tags: [`${word} tag`] }
  await storeLink(db, owner, link, { ...content, token: short, webhookId: webhook })
  const mobile = `${digits}${String(nth % 1000).padStart(3, '0')}`
  await storeRecipients(db, owner, link, [mobile], [`${word}-r-${nth}`])
  const message = `${word}-m-${nth}`
  await db.prisma.recipient.updateMany({ where: { userId: owner, linkId: link }, data: { messageId: message } })
  const visit = () =>
    newVisit(link, {
      id: randomUUID(),
      visitId: randomUUID(),
      recipientId: 1,
      host: `${word}.example`,
      queryString: `q=${word}`,
      resolution: word,
      userAgent: {
        ...chromeOnMac,
        userAgent: `${word} agent`,
        browser: `${word} browser`,
        deviceModel: `${word} model`,
      },
      place: { ...localhost, country: `${word} land`, city: `${word} city`, zipcode: digits, region: `${word} region` },
      options: { from: word },
    })
  const visits = [visit(), visit(), visit()]
  await appendVisits(db, owner, visits, { isLive: true })
  const token = await ask(whose, 'POST', '/developer/tokens', { name: `${word} token`, scopes: ['admin'] })
  const page = await ask(whose, 'GET', `/link/urls/${link}/visits`)
  const feed = await ask(whose, 'GET', `/link/urls/${link}/visits/feed?limit=1`)
  const account = await ask(whose, 'GET', '/link/visits/feed?limit=1')
  return {
    ...{
      link: String(link),
      webhook,
      delivery: visits[0]?.id ?? '',
      visit: visits[1]?.id ?? '',
      short,
      mobile,
      message,
    },
    token: String(token.body.data.id),
    etag: page.headers.etag ?? '',
    cursor: String(feed.body.meta?.next_cursor),
    accountCursor: String(account.body.meta?.next_cursor),
  }
}
