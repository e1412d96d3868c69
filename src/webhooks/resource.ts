import { mask } from './schema.js'

/** A webhook as the wire shows it (docs/api-contract.md section 8). */
export interface WebhookResource {
  id: string
  name: string
  uri: string
  secret: string | null
  verification_code: string
  status: number
  created_at: string
  updated_at: string
  /** What the hosted service does not know: only for clients that ask for it (`include=settings`). */
  whole_numbers?: number
}

export interface WebhookRow {
  id: string
  name: string
  uri: string
  has_secret: boolean
  whole_numbers: boolean
  status: number
  created_at: string
  updated_at: string
}

const iso = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Columns of a WebhookRow from `webhooks w`. Secrets do not leave the database for answers that do not show them. */
export const webhookColumns = `w.id, w.name, w.uri, w.secret IS NOT NULL AS has_secret, w.whole_numbers, w.status,
  ${iso('w.created_at')} AS created_at, ${iso('w.updated_at')} AS updated_at`

export function webhookResource(row: WebhookRow, withSettings: boolean): WebhookResource {
  return {
    id: row.id,
    name: row.name,
    uri: row.uri,
    secret: row.has_secret ? mask : null,
    verification_code: mask,
    status: row.status,
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(withSettings && { whole_numbers: row.whole_numbers ? 1 : 0 }),
  }
}

/** What became of telling a webhook of a visit. */
export interface DeliveryResource {
  id: string
  link_id: number
  seq: number
  state: string
  attempts: number
  last_attempt_at: string | null
  last_status: number | null
  last_error: string | null
  created_at: string
  next_attempt_at: string | null
}

export type DeliveryRow = Omit<DeliveryResource, 'link_id' | 'seq'> & { link_id: string; seq: string }

/** Columns of a DeliveryRow from `webhook_deliveries d` and `webhook_lanes l`. */
export const deliveryColumns = `d.id, d.link_id, d.seq, d.state, d.attempts, ${iso('d.last_attempt_at')} AS last_attempt_at,
  d.last_status, d.last_error, ${iso('d.created_at')} AS created_at,
  CASE WHEN d.state = 'pending' AND d.attempts > 0 AND l.lease IS NULL THEN ${iso('l.next_at')} END AS next_attempt_at`

export function deliveryResource({ id, link_id, seq, ...row }: DeliveryRow): DeliveryResource {
  return { id, link_id: Number(link_id), seq: Number(seq), ...row }
}
