/**
 * Visits that could not be stored and were set aside, in a file beside the spool or in a stream: an erasure, which changes rows, does not
 * get to them, so they are looked at now and then.
 */
import { type Database, statement } from '../database/open.js'

/** A visit as it was set aside, by whatever version; what else it has stays. */
interface SetAside {
  ownerId: number
  visit: { linkId: number; recipientId: number; clientIp: unknown; queryString: unknown; options: unknown }
}

/** Those of the records whose recipient was erased, and that still say something of the person. */
export async function recordsOfErased(db: Database, records: unknown[]): Promise<Set<unknown>> {
  const known = records.filter(isOfRecipient).filter((record) => !isBlank(record))
  if (known.length === 0) return new Set()
  const keys = [
    known.map(({ ownerId }) => ownerId),
    known.map(({ visit }) => visit.linkId),
    known.map(({ visit }) => visit.recipientId),
  ]
  const { rows } = await db.pool.query<{ nth: number }>(selectErased(keys))
  return new Set(rows.map(({ nth }) => known[nth - 1]))
}

/** What is stored of a visit whose person was erased (append.ts). */
export function withoutPerson(record: unknown): unknown {
  if (!isOfRecipient(record)) return record
  const visit = { ...record.visit, clientIp: null, queryString: null, options: blankOptions(record.visit.options) }
  return { ...record, visit }
}

function blankOptions(options: unknown): object | null {
  const { bot, bot_reason = null, suspect } = (options ?? {}) as Record<string, unknown>
  if (bot === true) return { bot, bot_reason }
  return suspect === undefined ? null : { suspect }
}

function isBlank(record: SetAside): boolean {
  return JSON.stringify(record) === JSON.stringify(withoutPerson(record))
}

function isOfRecipient(record: unknown): record is SetAside {
  const { ownerId, visit } = (record ?? {}) as Partial<SetAside>
  const { linkId, recipientId } = visit ?? {}
  return [ownerId, linkId, recipientId].every((id) => Number.isSafeInteger(id))
}

const selectErased = statement(`
SELECT k.nth::int4 FROM unnest($1::int8[], $2::int8[], $3::int8[]) WITH ORDINALITY AS k (owner, link, recipient, nth)
CROSS JOIN LATERAL (
  SELECT FROM recipients r
  WHERE r.user_id = k.owner AND r.link_id = k.link AND r.id = k.recipient AND r.erasure_id IS NOT NULL OFFSET 0
) r`)
