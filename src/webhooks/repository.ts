import { v7 as uuidv7 } from 'uuid'
import { ensureOwner, lockOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inOneGo, inTransaction } from '../database/transaction.js'
import { notFound } from '../http/errors.js'
import type { Page, PageRequest } from '../http/paginate.js'
import { refuseFields } from '../links/refuse-numbers.js'
import { newVerificationCode } from './code.js'
import { wakeLanes } from './lanes.js'
import { type WebhookRow, webhookColumns } from './resource.js'
import type { EditedWebhook, NewWebhook } from './schema.js'
import { uriHoldsMobile } from './uri.js'

/** Past any list, but not past 2^53. */
const furthestPage = 2n ** 40n

/** Webhooks of an owner, newest first. @param name a part of it; null: any */
export async function pageOfWebhooks(
  db: Database,
  ownerId: number,
  name: string | null,
  { number, perPage }: PageRequest,
): Promise<Page<WebhookRow>> {
  const offset = (Number(number < furthestPage ? number : furthestPage) - 1) * perPage
  const pattern = name === null ? null : `%${name.replace(/[\\%_]/g, '\\$&')}%`
  const { rows } = await db.pool.query<{ total: string } & (WebhookRow | { id: null })>(
    page([ownerId, pattern, offset, perPage]),
  )
  return {
    number,
    perPage,
    total: Number(rows[0]?.total ?? 0),
    items: rows.flatMap((row) => (row.id === null ? [] : row)),
  }
}

/** @throws HttpError 404 for a missing webhook and for one of somebody else */
export async function webhookRow(db: Database, ownerId: number, id: string): Promise<WebhookRow> {
  const { rows } = await db.pool.query<WebhookRow>(one([ownerId, id]))
  return found(rows)
}

/**
 * The owner is created when there is none: a token that is accepted may speak of one that nobody has met yet.
 *
 * @param seesNumbers whether whoever asks may see whole numbers, and so have them sent somewhere
 * @throws HttpError 403 for what would give out numbers
 */
export async function createWebhook(
  db: Database,
  ownerId: number,
  fields: NewWebhook,
  seesNumbers = true,
): Promise<WebhookRow> {
  const { name, uri, status = 1, whole_numbers = seesNumbers ? 1 : 0, secret = null, token } = fields
  if (!seesNumbers) {
    const holding = { uri: uriHoldsMobile(uri), whole_numbers: whole_numbers === 1 }
    refuseFields(namesOf(holding))
  }
  const code = token ?? newVerificationCode()
  return inTransaction(writerOf(db, ownerId), async (client) => {
    await ensureOwner(client, ownerId)
    const { rows } = await client.query<WebhookRow>(
      insert([ownerId, uuidv7(), name, uri, status, secret, code, whole_numbers === 1]),
    )
    return found(rows)
  })
}

/**
 * Changes what the request says and leaves the rest. What waits to be delivered is tried at once.
 *
 * @param seesNumbers whether whoever asks may see whole numbers, and so change where they are sent
 * @throws HttpError 404 for a missing webhook and for one of somebody else, 403 for what would give out numbers
 */
export async function editWebhook(
  db: Database,
  ownerId: number,
  id: string,
  fields: Partial<EditedWebhook>,
  seesNumbers = true,
): Promise<WebhookRow> {
  const { name, uri, status, whole_numbers, secret, token } = fields
  const whole = whole_numbers === undefined ? null : whole_numbers === 1
  return inTransaction(writerOf(db, ownerId), async (client) => {
    await client.query(lockOwner([ownerId]))
    if (!seesNumbers) {
      const { rows } = await client.query<WebhookRow>(one([ownerId, id]))
      const before = found(rows)
      const isElsewhere = uri !== undefined && uri !== before.uri
      refuseFields(
        namesOf({
          uri: isElsewhere && (before.whole_numbers || uriHoldsMobile(before.uri) || uriHoldsMobile(uri)),
          whole_numbers: whole !== null && whole !== before.whole_numbers,
        }),
      )
    }
    const change = update([ownerId, id, name, uri, status, secret !== undefined, secret, token, whole])
    const { rows } = await client.query<WebhookRow>(change)
    const row = found(rows)
    await client.query(wakeLanes([ownerId]))
    return row
  })
}

const namesOf = (fields: Record<string, boolean>) => Object.keys(fields).filter((name) => fields[name])

/**
 * Deletes a webhook: it is out of sight and told nothing more from now on. Its deliveries are removed in the background
 * (removal.ts).
 *
 * @throws HttpError 404 for a missing webhook and for one of somebody else
 */
export async function deleteWebhook(db: Database, ownerId: number, id: string): Promise<void> {
  const [, deleted] = await inOneGo<{ id: string }>(writerOf(db, ownerId), [
    lockOwner([ownerId]),
    markDeleted([ownerId, id]),
    wakeLanes([ownerId]),
  ])
  found(deleted?.rows)
}

/** @throws HttpError 404 for a missing webhook and for one of somebody else */
export async function verificationCode(db: Database, ownerId: number, id: string): Promise<string> {
  const { rows } = await db.pool.query<{ verification_code: string }>(code([ownerId, id]))
  return found(rows).verification_code
}

function found<Row>(rows: Row[] | undefined): Row {
  const row = rows?.[0]
  if (row === undefined) throw notFound()
  return row
}

const mine = 'w.user_id = $1 AND w.id = $2 AND w.deleted_at IS NULL'

const ofOwner = `w.user_id = $1 AND w.deleted_at IS NULL AND ($2::text IS NULL OR w.name ILIKE $2)`

/** Ids are made in the order of time. */
const page = statement(`
SELECT counted.total, page.*
FROM (SELECT count(*) AS total FROM webhooks w WHERE ${ofOwner}) counted
LEFT JOIN (
  SELECT ${webhookColumns} FROM webhooks w WHERE ${ofOwner} ORDER BY w.id DESC OFFSET $3::int8 LIMIT $4::int8
) page ON true
ORDER BY page.id DESC`)

const one = statement(`SELECT ${webhookColumns} FROM webhooks w WHERE ${mine}`)

const code = statement(`SELECT w.verification_code FROM webhooks w WHERE ${mine}`)

const insert = statement(`
INSERT INTO webhooks AS w (user_id, id, name, uri, status, secret, verification_code, whole_numbers)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${webhookColumns}`)

// The clock of the moment: the transaction may have waited for an edit that began later.
const update = statement(`
UPDATE webhooks w SET
  name = coalesce($3::text, name), uri = coalesce($4::text, uri), status = coalesce($5::int2, status),
  secret = CASE WHEN $6::bool THEN $7::text ELSE secret END, verification_code = coalesce($8::text, verification_code),
  whole_numbers = coalesce($9::bool, whole_numbers),
  updated_at = clock_timestamp()
WHERE ${mine} RETURNING ${webhookColumns}`)

const markDeleted = statement(`
UPDATE webhooks w SET deleted_at = clock_timestamp(), status = 0, secret = NULL WHERE ${mine} RETURNING w.id`)
