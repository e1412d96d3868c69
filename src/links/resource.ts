/** A link as the wire shows it in lists and alone (contract.md section 4). */
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
}

/** Columns of a LinkRow from `links l`; `zone` is the statement's parameter with the output zone. Both date forms are the contract's. */
export function linkColumns(zone: string): string {
  const iso = (column: string) =>
    `to_char(l.${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${column}`
  return `l.id, l.title, l.long_url, l.webhook_id, l.token, l.visits, l.is_advanced, l.status,
    to_char(l.last_visited AT TIME ZONE ${zone}::text, 'YYYY-MM-DD HH24:MI:SS') AS last_visited,
    ${iso('created_at')}, ${iso('updated_at')}`
}

/** @param shortBase public base of short URLs, without a slash at the end */
export function linkResource(row: LinkRow, shortBase: string): LinkResource {
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
