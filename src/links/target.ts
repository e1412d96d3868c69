import { type Database, statement } from '../database/open.js'

/** What a token in a short URL stands for: a link, and one person it was sent to where the token is theirs. */
export interface TokenTarget {
  ownerId: number
  linkId: number
  longUrl: string
  redirectStatus: number
  forwardQuery: boolean
  isActive: boolean
  isDeleted: boolean
  expiresAt: Date | null
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
    redirectStatus: row.redirect_status,
    forwardQuery: row.forward_query,
    isActive: row.status === 1,
    isDeleted: row.deleted_at !== null,
    expiresAt: row.expires_at,
    recipient:
      row.recipient_id === null ? null : { id: Number(row.recipient_id), mobile: row.mobile, sentAt: row.sent_at },
  }
}

interface TargetRow {
  user_id: string
  link_id: string
  long_url: string
  redirect_status: number
  forward_query: boolean
  status: number
  deleted_at: Date | null
  expires_at: Date | null
  recipient_id: string | null
  mobile: string | null
  sent_at: Date | null
}

const targetByToken = statement(`
SELECT t.user_id, t.link_id, l.long_url, l.redirect_status, l.forward_query, l.status, l.deleted_at, l.expires_at,
  r.id AS recipient_id, r.mobile, r.sent_at
FROM tokens t
JOIN links l ON l.user_id = t.user_id AND l.id = t.link_id
LEFT JOIN recipients r ON r.token = t.token
WHERE t.token = $1`)
