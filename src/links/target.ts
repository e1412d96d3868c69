import { LRUCache } from 'lru-cache'
import { type Database, statement } from '../database/open.js'
import type { LinkRules } from './rules.js'

/** What a token in a short URL stands for: a link, and one person it was sent to where the token is theirs. */
export interface TokenTarget {
  ownerId: number
  linkId: number
  longUrl: string
  /** Where it leads while it cannot be opened; null: as the server says. */
  fallbackUrl: string | null
  /** Other targets, in order. */
  rules: LinkRules
  redirectStatus: number
  forwardQuery: boolean
  isActive: boolean
  isDeleted: boolean
  expiresAt: Date | null
  /**
   * How many people may still open it (`max_visits`): when it was looked up, less those who did since. Null: any number.
   * The log keeps to it exactly (visits/append.ts) where it is asked before a click is answered.
   */
  peopleLeft: number | null
  /** It was a person's who was erased: visits carry nothing of who opens it. */
  isErased: boolean
  recipient: { id: number; mobile: string | null; sentAt: Date | null } | null
}

/** Looks a token up in the database. Codes that a link had before still name it; so do those of a deleted link. */
export async function findTarget(db: Database, token: string): Promise<TokenTarget | null> {
  const { rows } = await db.pool.query<TargetRow>(targetByToken([token]))
  const row = rows[0]
  if (row === undefined) return null
  return {
    ownerId: Number(row.user_id),
    linkId: Number(row.link_id),
    longUrl: row.long_url,
    fallbackUrl: row.fallback_url,
    rules: row.rules === null ? noRules : sharedRules(row.rules),
    redirectStatus: row.redirect_status,
    forwardQuery: row.forward_query,
    isActive: row.status === 1,
    isDeleted: row.deleted_at !== null,
    expiresAt: row.expires_at,
    peopleLeft: row.people_left,
    isErased: row.is_erased,
    recipient:
      row.recipient_id === null ? null : { id: Number(row.recipient_id), mobile: row.mobile, sentAt: row.sent_at },
  }
}

const noRules: LinkRules = []

const rulesByText = new LRUCache<string, LinkRules>({ maxSize: 2 ** 24, sizeCalculation: (_, text) => text.length })

/** The same text gives the same list: a link that was sent to many people has as many tokens in memory. */
function sharedRules(text: string): LinkRules {
  const known = rulesByText.get(text)
  if (known !== undefined) return known
  const rules = JSON.parse(text) as LinkRules
  rulesByText.set(text, rules)
  return rules
}

interface TargetRow {
  user_id: string
  link_id: string
  long_url: string
  fallback_url: string | null
  rules: string | null
  redirect_status: number
  forward_query: boolean
  status: number
  deleted_at: Date | null
  expires_at: Date | null
  people_left: number | null
  is_erased: boolean
  recipient_id: string | null
  mobile: string | null
  sent_at: Date | null
}

const targetByToken = statement(`
SELECT t.user_id, t.link_id, l.long_url, l.fallback_url, l.redirect_status, l.forward_query, l.status, l.deleted_at, l.expires_at,
  (l.max_visits - l.human_visits)::float8 AS people_left, CASE WHEN l.rules <> '[]' THEN l.rules::text END AS rules,
  t.erased_at IS NOT NULL AS is_erased, r.id AS recipient_id, r.mobile, r.sent_at
FROM tokens t
JOIN links l ON l.user_id = t.user_id AND l.id = t.link_id
LEFT JOIN recipients r ON r.user_id = t.user_id AND r.link_id = t.link_id AND r.token = t.token
WHERE t.token = $1`)
