import { expect } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { newToken } from './access-tokens.js'
import type { TestApp } from './app.js'
import { newVisit, storeLink, storeRecipients } from './visits.js'

/** What an owner has of each kind that a path can name. */
export interface Things {
  ownerId: number
  link: string
  webhook: string
  delivery: string
  token: string
  visit: string
  /** What no answer shows to somebody else, or without being asked for. */
  secrets: { mobile: string; webhookSecret: string; tokenText: string }
}

let made = 0

/** One thing of each kind, new, of an owner. */
export async function newThings(site: TestApp, ownerId: number): Promise<Things> {
  const nth = ++made
  const link = ownerId * 100_000 + nth
  const mobile = `4477009${String(nth).padStart(6, '0')}`
  const webhookSecret = `hook-secret-${nth}`
  const answer = await site.app.inject({
    method: 'POST',
    url: '/developer/webhooks',
    headers: site.as(ownerId),
    payload: { name: `webhook of ${ownerId}`, uri: 'https://hooks.example.com/', secret: webhookSecret },
  })
  expect(answer.statusCode).toBe(200)
  const webhook: string = answer.json().data.id
  await storeLink(site.db, ownerId, link, { title: `link of ${ownerId}`, webhookId: webhook })
  await storeRecipients(site.db, ownerId, link, [mobile])
  const visit = newVisit(link, { recipientId: 1, host: `of-${ownerId}.example` })
  await appendVisits(site.db, ownerId, [visit], { isLive: true })
  const { id: token, access_token: tokenText } = await newToken(site, ownerId)
  const secrets = { mobile, webhookSecret, tokenText }
  return { ownerId, link: String(link), webhook, delivery: visit.id, token, visit: visit.id, secrets }
}

const kinds: [path: RegExp, of: (things: Things) => string[]][] = [
  [/^\/link\/urls\/\{id\}/, ({ link }) => [link]],
  [/^\/developer\/webhooks\/\{id\}\/deliveries\/\{delivery\}/, ({ webhook, delivery }) => [webhook, delivery]],
  [/^\/developer\/webhooks\/\{id\}/, ({ webhook }) => [webhook]],
  [/^\/developer\/tokens\/\{id\}/, ({ token }) => [token]],
]

/** What a path names, of somebody. A path of a new kind is not passed over: it needs a line above. */
export function namedBy(path: string, things: Things): string[] {
  const kind = kinds.find(([pattern]) => pattern.test(path))
  if (kind === undefined) throw new Error(`nobody knows what ${path} names`)
  return kind[1](things)
}

/** All that is stored of an owner, but for when tokens were used. */
export async function storedOf({ db }: Pick<TestApp, 'db'>, ownerId: number): Promise<Record<string, string[]>> {
  const { rows: tables } = await db.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY 1`,
  )
  const stored: Record<string, string[]> = {}
  for (const { name } of [...tables, { name: 'owners' }]) {
    const owner = name === 'owners' ? 'id' : 'user_id'
    const { rows } = await db.pool.query<{ row: string }>(
      `SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${name} t WHERE ${owner} = $1 ORDER BY 1`,
      [ownerId],
    )
    stored[name] = rows.map(({ row }) => row)
  }
  return stored
}
