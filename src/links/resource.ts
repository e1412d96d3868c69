/** A link as the wire shows it in lists and alone (docs/api-contract.md section 4). */
export interface LinkResource {
  id: number
  title: string
  short_url: string
  long_url: string
  webhook_id: string | null
  token: string | null
  visits: number
  last_visited: string | null
  is_advanced: 0 | 1
  status: number
  created_at: string
  updated_at: string
}

/** The same in answers to create and edit, where the hosted service shows its model before it has been read back. */
export interface SavedLinkResource extends Omit<LinkResource, 'visits' | 'is_advanced'> {
  visits: []
  is_advanced: '0' | '1'
}

/** What the hosted service does not know of a link: only for clients that ask for it (`include=settings`). */
export interface LinkSettings {
  expires_at: string | null
  max_visits: number | null
  fallback_url: string | null
  retention_days: number | null
  redirect_status: number
  forward_query: 0 | 1
  tags: string[]
  rules: unknown[]
}

/** What the resource is made of: a row of `links`, with its times as text. */
export interface LinkRow {
  id: string
  title: string
  long_url: string
  webhook_id: string | null
  token: string | null
  visits: string
  last_visited: string | null
  is_advanced: boolean
  status: number
  created_at: string
  updated_at: string
  expires_at: string | null
  max_visits: number | null
  fallback_url: string | null
  retention_days: number | null
  redirect_status: number
  forward_query: boolean
  tags: string[]
  rules: unknown[]
}

/** Columns of a LinkRow from `links l`; `zone` is the statement's parameter with the output zone. Both date forms are the contract's. */
export function linkColumns(zone: string): string {
  const iso = (column: string) =>
    `to_char(l.${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${column}`
  return `l.id, l.title, l.long_url, l.webhook_id, l.token, l.visits, l.is_advanced, l.status,
    to_char(l.last_visited AT TIME ZONE ${zone}::text, 'YYYY-MM-DD HH24:MI:SS') AS last_visited,
    ${iso('created_at')}, ${iso('updated_at')},
    ${iso('expires_at')}, l.max_visits::float8, l.fallback_url, l.retention_days, l.redirect_status, l.forward_query,
    l.tags, l.rules`
}

export interface LinkView {
  /** Public base of short URLs, without a slash at the end. */
  shortBase: string
  /** With what the hosted service does not know. */
  withSettings: boolean
}

/** A link in lists and alone. Its keys are the documented ones; settings come after them. */
export function linkResource(row: LinkRow, view: LinkView): LinkResource & Partial<LinkSettings> {
  return { ...documented(row, view.shortBase), ...(view.withSettings && settings(row)) }
}

/**
 * A link that was just created or edited: no visits are read for it, and `is_advanced` is the request's value, as a text. What
 * the request left out is shown as it is stored: `"0"` for a new link, and null for its `webhook_id`.
 */
export function savedLinkResource(row: LinkRow, view: LinkView): SavedLinkResource & Partial<LinkSettings> {
  return { ...linkResource(row, view), visits: [], is_advanced: row.is_advanced ? '1' : '0' }
}

function documented(row: LinkRow, shortBase: string): LinkResource {
  return {
    id: Number(row.id),
    title: row.title,
    short_url: `${shortBase}/${row.token ?? ''}`,
    long_url: row.long_url,
    webhook_id: row.webhook_id,
    token: row.token,
    visits: Number(row.visits),
    last_visited: row.last_visited,
    is_advanced: row.is_advanced ? 1 : 0,
    status: row.status,
    created_at: row.created_at,
    updated_at: row.updated_at,
  }
}

function settings(row: LinkRow): LinkSettings {
  return {
    expires_at: row.expires_at,
    max_visits: row.max_visits,
    fallback_url: row.fallback_url,
    retention_days: row.retention_days,
    redirect_status: row.redirect_status,
    forward_query: row.forward_query ? 1 : 0,
    tags: row.tags,
    rules: row.rules,
  }
}
