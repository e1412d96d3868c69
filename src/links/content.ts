import type { LinkFields } from './schema.js'

/** What of a link its owner decides, by column. Counters, numbers and times are not among it, so no request can set them. */
export interface LinkContent {
  title: string
  long_url: string
  webhook_id: string | null
  is_advanced: boolean
  status: number
  redirect_status: number
  forward_query: boolean
  expires_at: Date | null
  max_visits: number | null
  fallback_url: string | null
  retention_days: number | null
  tags: string[]
  rules: unknown[]
}

/** What a link is that nothing else is said of. */
export const newContent: Omit<LinkContent, 'long_url'> = {
  title: '',
  webhook_id: null,
  is_advanced: false,
  status: 1,
  redirect_status: 302,
  forward_query: false,
  expires_at: null,
  max_visits: null,
  fallback_url: null,
  retention_days: null,
  tags: [],
  rules: [],
}

/** The content as a request says it; what it leaves out stays as it was. */
export function contentOf(fields: LinkFields, before: Omit<LinkContent, 'long_url'>): LinkContent {
  const {
    title = before.title,
    webhook_id = before.webhook_id,
    is_advanced = Number(before.is_advanced),
    status = before.status,
    redirect_status = before.redirect_status,
    forward_query = Number(before.forward_query),
    expires_at = before.expires_at,
    max_visits = before.max_visits,
    fallback_url = before.fallback_url,
    retention_days = before.retention_days,
    tags = before.tags,
    rules = before.rules,
  } = fields
  const flags = { is_advanced: is_advanced === 1, forward_query: forward_query === 1 }
  const limits = { expires_at, max_visits, fallback_url, retention_days }
  return { title, long_url: fields.long_url, webhook_id, ...flags, status, redirect_status, ...limits, tags, rules }
}

const columns = [
  ...(['title', 'long_url', 'webhook_id', 'is_advanced', 'status', 'redirect_status', 'forward_query'] as const),
  ...(['expires_at', 'max_visits', 'fallback_url', 'retention_days', 'tags', 'rules'] as const),
]

/** `title, long_url, …`, for statements whose values come from `contentValues`. */
export const contentColumns = columns.join(', ')

/** Parameters of these columns, numbered from `first` on. */
export const contentParameters = (first: number) => columns.map((_, index) => `$${first + index}`).join(', ')

export function contentValues(content: LinkContent): unknown[] {
  // As text, because the driver would make an array of PostgreSQL's out of a list.
  return columns.map((column) => (column === 'rules' ? JSON.stringify(content.rules) : content[column]))
}
