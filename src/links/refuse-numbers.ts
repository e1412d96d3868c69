import { isDeepStrictEqual } from 'node:util'
import type { PoolClient } from 'pg'
import { statement } from '../database/open.js'
import { forbidden } from '../http/errors.js'
import type { LinkContent } from './content.js'
import { holdsMobile } from './mobile-placeholder.js'

type Content = Pick<LinkContent, 'long_url' | 'fallback_url' | 'rules' | 'webhook_id'>

const holders: { [Field in 'long_url' | 'fallback_url' | 'rules']: (value: Content[Field]) => boolean } = {
  long_url: holdsMobile,
  fallback_url: holdsMobile,
  rules: (rules) => holdsMobile(JSON.stringify(rules)),
}

/**
 * For who may not see numbers: fields that hold `{mobile}` stay as they are, no other comes to hold it, and no webhook that is told
 * whole numbers is told of the link.
 *
 * @param before null: a new link
 * @throws HttpError 403 with the names of the fields
 */
export async function refuseNumbers(
  client: PoolClient,
  ownerId: number,
  before: Content | null,
  after: Content,
): Promise<void> {
  const fields: string[] = fieldNames.filter((field) => changesHolder(field, before, after))
  const webhookId = after.webhook_id?.toLowerCase()
  if (webhookId !== undefined && webhookId !== before?.webhook_id?.toLowerCase()) {
    const { rows } = await client.query(selectWholeWebhook([ownerId, webhookId]))
    if (rows.length > 0) fields.push('webhook_id')
  }
  refuseFields(fields)
}

const fieldNames = Object.keys(holders) as (keyof typeof holders)[]

function changesHolder<Field extends keyof typeof holders>(
  field: Field,
  before: Content | null,
  after: Content,
): boolean {
  if (before !== null && isDeepStrictEqual(before[field], after[field])) return false
  return holders[field](after[field]) || (before !== null && holders[field](before[field]))
}

/** @throws HttpError 403 where there are any */
export function refuseFields(fields: string[]): void {
  if (fields.length === 0) return
  throw forbidden('visits:pii', Object.fromEntries(fields.map((field) => [field, [reason(field)]])))
}

const reason = (field: string) =>
  `The ${field.replaceAll('_', ' ')} field gives out whole mobile numbers: changing it needs the scope visits:pii.`

/** Links may name anything. */
const selectWholeWebhook = statement(
  'SELECT FROM webhooks WHERE user_id = $1 AND id::text = $2 AND whole_numbers AND deleted_at IS NULL',
)
