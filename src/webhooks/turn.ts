import { placeholderValues } from '../capture/placeholders.js'
import type { Database } from '../database/open.js'
import { inOneGo, inTransaction } from '../database/transaction.js'
import { maskedMobile } from '../recipients/masked.js'
import type { MobileRule } from '../recipients/mobile.js'
import { type Lane, laneKey, postponeLane, releaseLane, removeLane, restLane } from './lanes.js'
import { messageBody, messageHeaders } from './message.js'
import { dropDeliveries, markDelivered, markFailed, parkInactive, parkWaiting } from './outcomes.js'
import { type PendingDelivery, type PendingWebhook, readPending } from './pending.js'
import { type Poster, reasonOf } from './post.js'
import { askedDelayMs, retryDelayMs } from './retry.js'
import { postTarget } from './uri.js'

export interface TurnDeps {
  db: Database
  poster: Poster
  retryBaseMs: number
  /** IANA zone of `created_at`. */
  zone: string
  /** Says the country code of numbers without one. */
  rule: MobileRule
  /** No delivery is begun any more. */
  stopping: AbortSignal
  /** Another number after each erasure: what was read before must not be sent. */
  erasures(): number
  /** Told of each try. @param reason null: it was delivered */
  told(lane: Lane, webhookId: string, reason: string | null): void
  /** The receiver of a webhook, as it was read, does not want any more, for good. */
  switchOff(ownerId: string, webhook: PendingWebhook): Promise<void>
}

/** Most deliveries of a turn, and until how long before the end of the lease one is begun: a try takes 3 seconds at most. */
const mostOfTurn = 100
const reserveMs = 5_000

/** Deliveries are written down as made in groups: those of a group come twice when this process is killed. */
const mostUnwritten = 25
const unwrittenMs = 250

/**
 * Makes deliveries of a lane, one after the other, until the first that fails, and gives the lane back.
 *
 * @returns in how many milliseconds it is worth to look at the lane again; null: when there is word of new visits
 */
export async function takeTurn(lane: Lane, deps: TurnDeps): Promise<number | null> {
  const { db, stopping } = deps
  const erasures = deps.erasures()
  const pending = await readPending(db, lane, mostOfTurn)
  const written = writer(lane, db)
  let isCutShort = pending.length === mostOfTurn
  for (const delivery of pending) {
    if (stopping.aborted || deps.erasures() !== erasures || performance.now() > lane.endsAt - reserveMs) {
      isCutShort = true
      break
    }
    if (delivery.visit === null) {
      written.drop(delivery.seq)
      continue
    }
    const tried = await attempt(delivery, delivery.visit, deps)
    deps.told(lane, delivery.webhook.id, tried.reason)
    if (tried.reason !== null) {
      await written.write()
      return fail(lane, delivery, { ...tried, reason: tried.reason }, deps)
    }
    await written.add(delivery.seq, tried.status)
  }
  await written.write()
  return isCutShort ? more(lane, db) : finish(lane, db)
}

interface Tried {
  status: number | null
  /** Why it failed, in words that may be shown; null: it did not. */
  reason: string | null
  askedMs: number | null
}

async function attempt(
  { id, webhook }: PendingDelivery,
  logged: NonNullable<PendingDelivery['visit']>,
  { poster, zone, rule }: TurnDeps,
): Promise<Tried> {
  try {
    const mobile = logged.mobile && rule.international(logged.mobile)
    const visit = { ...logged, mobile: mobile && !webhook.wholeNumbers ? maskedMobile(mobile) : mobile }
    const body = messageBody(visit, zone)
    const target = postTarget(webhook.uri, placeholderValues(visit, visit.mobile))
    const { status, retryAfter } = await poster.post(target, messageHeaders(webhook, id, body, new Date()), body)
    const isSlowedDown = status === 429 || status === 503
    return { status, reason: reasonFor(status), askedMs: isSlowedDown ? askedDelayMs(retryAfter) : null }
  } catch (error) {
    return { status: null, reason: reasonOf(error), askedMs: null }
  }
}

const gone = 410

function reasonFor(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status === gone) return 'Answered 410: the webhook was switched off.'
  return status >= 300 && status < 400 ? `Answered ${status}: redirects are not followed.` : `Answered ${status}.`
}

/** Keeps what became of deliveries until it is worth a statement. */
function writer({ ownerId, linkId }: Lane, db: Database) {
  let made: { seq: number; status: number | null; at: Date }[] = []
  let dropped: number[] = []
  let since = performance.now()
  const write = async () => {
    const statements = []
    if (made.length > 0) {
      const columns = [made.map(({ seq }) => seq), made.map(({ status }) => status), made.map(({ at }) => at)]
      statements.push(markDelivered([ownerId, linkId, ...columns]))
    }
    if (dropped.length > 0) statements.push(dropDeliveries([ownerId, linkId, dropped]))
    if (statements.length > 0) await inOneGo(db, statements)
    made = []
    dropped = []
    since = performance.now()
  }
  return {
    write,
    drop: (seq: number) => dropped.push(seq),
    async add(seq: number, status: number | null) {
      if (made.length === 0) since = performance.now()
      made.push({ seq, status, at: new Date() })
      if (made.length >= mostUnwritten || performance.now() - since > unwrittenMs) await write()
    },
  }
}

async function fail(
  lane: Lane,
  { seq, attempts, webhook }: PendingDelivery,
  { status, reason, askedMs }: Tried & { reason: string },
  { db, retryBaseMs, switchOff }: TurnDeps,
): Promise<number> {
  if (status === gone) await switchOff(lane.ownerId, webhook)
  const delayMs = retryDelayMs({ attempts: attempts + 1, baseMs: retryBaseMs, askedMs })
  const key = [lane.ownerId, lane.linkId]
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<{ is_parked: boolean; left_ms: number }>(
      markFailed([...key, seq, status, reason]),
    )
    const [failed] = rows
    if (failed === undefined || failed.is_parked) {
      if (failed !== undefined) await client.query(parkWaiting([...key, webhook.id]))
      await client.query(releaseLane(laneKey(lane)))
      return 0
    }
    const pauseMs = Math.min(delayMs, Math.max(0, failed.left_ms))
    await client.query(postponeLane([...laneKey(lane), webhook.id, webhook.revision, pauseMs]))
    return pauseMs
  })
}

async function more(lane: Lane, db: Database): Promise<number> {
  await db.pool.query(releaseLane(laneKey(lane)))
  return 0
}

async function finish(lane: Lane, db: Database): Promise<number | null> {
  const { rowCount } = await db.pool.query(removeLane([...laneKey(lane), lane.arrivals]))
  if ((rowCount ?? 0) > 0) return null
  const rest = restLane([...laneKey(lane), lane.arrivals])
  await inOneGo(db, [parkInactive([lane.ownerId, lane.linkId]), rest])
  return 0
}
