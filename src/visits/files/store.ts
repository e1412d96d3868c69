import type { PoolClient } from 'pg'
import { ensureOwner } from '../../accounts/repository.js'
import { isRefusedData } from '../../database/errors.js'
import { type Database, statement } from '../../database/open.js'
import { inTransaction } from '../../database/transaction.js'
import { ensureLinks, markTracked } from '../../links/placeholders.js'
import { type MobileRule, mobileRule } from '../../recipients/mobile.js'
import { settleRecipients } from '../../recipients/repository.js'
import { appendVisits } from '../append.js'
import { removedAmong } from '../removed-ids.js'
import type { NewVisit } from '../visit.js'
import { pooled } from './content-pool.js'
import type { StagedVisit } from './staging.js'

export interface StoreResult {
  /** Visits that are in the log now and were not before. */
  stored: number
  refused: { line: number; reason: string }[]
}

/**
 * Appends visits from a file to an owner's log, in the order given, with the owner, the links and the recipients they need.
 * Those whose id is there already, or was before it was removed for its age, are passed over: they are counted.
 *
 * A batch that the database refuses is tried again in halves, so that a bad visit does not take the others with it.
 *
 * @param rule by which numbers of recipients are compared
 * @param signal ends it at once; whether the batch was stored is then unknown
 */
export async function storeVisits(
  db: Database,
  ownerId: number,
  visits: StagedVisit[],
  rule: MobileRule = mobileRule(undefined),
  signal?: AbortSignal,
): Promise<StoreResult> {
  try {
    return await storeTogether(db, ownerId, visits, rule, signal)
  } catch (error) {
    if (!isRefusedData(error)) throw error
    const [only, ...others] = visits
    if (only === undefined) return { stored: 0, refused: [] }
    if (others.length === 0) return { stored: 0, refused: [{ line: only.line, reason: databaseReason(error) }] }
    const half = Math.ceil(visits.length / 2)
    const first = await storeVisits(db, ownerId, visits.slice(0, half), rule, signal)
    const second = await storeVisits(db, ownerId, visits.slice(half), rule, signal)
    return { stored: first.stored + second.stored, refused: [...first.refused, ...second.refused] }
  }
}

async function storeTogether(
  db: Database,
  ownerId: number,
  visits: StagedVisit[],
  rule: MobileRule,
  signal: AbortSignal | undefined,
): Promise<StoreResult> {
  const { ready, refused } = await inTransaction(db, (client) => prepare(client, ownerId, visits, rule), signal)
  const lines = new Map(ready.map(({ line, visit }) => [visit.id, line]))
  const { stored, orphaned } = await appendVisits(
    db,
    ownerId,
    ready.map(({ visit }) => visit),
    { ...(signal && { signal }) },
  )
  for (const id of orphaned) refused.push({ line: lines.get(id) ?? 0, reason: 'its link was deleted meanwhile' })
  return { stored, refused }
}

interface Prepared {
  ready: { line: number; visit: NewVisit }[]
  refused: StoreResult['refused']
}

async function prepare(
  client: PoolClient,
  ownerId: number,
  visits: StagedVisit[],
  rule: MobileRule,
): Promise<Prepared> {
  await ensureOwner(client, ownerId)
  const fresh = await notStoredYet(client, ownerId, visits)
  const deleted = await ensureLinks(
    client,
    ownerId,
    fresh.map(({ visit }) => visit.linkId),
  )
  const kept = fresh.filter(({ visit }) => !deleted.has(visit.linkId))
  const claims = kept.flatMap(({ recipient }) => recipient ?? [])
  const settled = (await settleRecipients(client, ownerId, claims, rule)).values()
  const prepared: Prepared = { ready: [], refused: [] }
  const tracked = new Set<number>()
  for (const { line, visit } of fresh.filter(({ visit }) => deleted.has(visit.linkId)))
    prepared.refused.push({ line, reason: `link ${visit.linkId} is deleted` })
  for (const { line, recipient, visit } of kept) {
    const settlement = recipient === null ? null : (settled.next().value ?? null)
    if (typeof settlement === 'string') prepared.refused.push({ line, reason: settlement })
    else if (recipient !== null && settlement === null) prepared.ready.push({ line, visit: withoutPerson(visit) })
    else prepared.ready.push({ line, visit: withRecipient(visit, settlement) })
    if (typeof settlement === 'number') tracked.add(visit.linkId)
  }
  await markTracked(client, ownerId, tracked)
  return prepared
}

function withRecipient(visit: NewVisit, recipientId: number | null): NewVisit {
  return { ...visit, recipientId, userAgent: pooled(visit.userAgent), place: visit.place && pooled(visit.place) }
}

/** The person was erased: what a file still knows of them does not come back. */
function withoutPerson(visit: NewVisit): NewVisit {
  const { isBot } = visit
  const blank = { clientIp: null, queryString: null, options: isBot ? { bot: true } : null }
  return withRecipient({ ...visit, ...blank }, null)
}

/** Without those that the log has or had, and without repetitions: the first one of an id counts. */
async function notStoredYet(client: PoolClient, ownerId: number, visits: StagedVisit[]): Promise<StagedVisit[]> {
  const { rows } = await client.query<{ id: string }>(storedIds([ownerId, visits.map(({ visit }) => visit.id)]))
  const removed = await removedAmong(
    client,
    ownerId,
    visits.map(({ visit }) => visit),
  )
  const seen = new Set([...rows.map(({ id }) => id), ...removed])
  return visits.filter(({ visit }) => !seen.has(visit.id) && seen.add(visit.id))
}

/** One look at the index for each id: as a join it would read all visits of the owner when statistics are old. */
const storedIds = statement(`
SELECT t.id::text FROM unnest($2::uuid[]) AS t (id)
WHERE (SELECT true FROM visits v WHERE v.user_id = $1 AND v.id = t.id)`)

function databaseReason(error: unknown): string {
  return `the database refuses it: ${String((error as Error).message).split('\n')[0]}`
}
