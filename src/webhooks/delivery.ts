import { setTimeout as sleep } from 'node:timers/promises'
import { lockOwner } from '../accounts/repository.js'
import type { Config } from '../config.js'
import { isDatabaseAway } from '../database/errors.js'
import type { Notifications } from '../database/notifications.js'
import { type Database, statement } from '../database/open.js'
import { inOneGo } from '../database/transaction.js'
import { erasedWord } from '../links/announce.js'
import { mobileRule } from '../recipients/mobile.js'
import { mayPostTo } from './addresses.js'
import { type DeliveryLog, watchFailures } from './failures.js'
import { type Lane, laneKey, releaseLane, takeLanes } from './lanes.js'
import { type LookUp, lookUpNames } from './names.js'
import { openPoster, type Poster } from './post.js'
import { type PostTimes, timedPoster } from './post-times.js'
import { slotsOf } from './slots.js'
import { type TurnDeps, takeTurn } from './turn.js'

/** Tells webhooks of visits. */
export interface WebhookDelivery {
  /** Of the requests of this process. */
  readonly times: PostTimes
  /** Ends after the requests in hand, which take 3 seconds at most. What was delivered by then is not delivered again. */
  close(): Promise<void>
}

export interface WebhookDeliveryOptions {
  db: Database
  notifications: Pick<Notifications, 'subscribe'>
  config: Pick<Config, 'webhooks' | 'outputZone' | 'defaultCountry'>
  log: DeliveryLog
  /** How names become addresses, otherwise than as configured. */
  lookUp?: LookUp
  /** Sees all requests. */
  tracePosts?: (poster: Poster) => Poster
}

/** Also without a word: retries become due, and other processes die. */
const lookEveryMs = 1_000

/** After a look that found nothing: words come all the time while links are opened. */
const restMs = 100

/**
 * Delivers visits to webhooks until it is closed: looks for lanes at the start, at word of new visits, and every second.
 *
 * As many lanes at once as configured, owner after owner; what an owner and a receiver get of these (slots.ts) lets no slow receiver
 * hold up anybody else.
 */
export function openWebhookDelivery({
  db,
  notifications,
  config,
  log,
  ...options
}: WebhookDeliveryOptions): WebhookDelivery {
  const { allowPrivate, concurrency, retryBaseMs } = config.webhooks
  const { lookUp = lookUpNames(allowPrivate), tracePosts = (poster) => poster } = options
  const closing = new AbortController()
  const times: PostTimes = new Map()
  const poster = timedPoster(tracePosts(openPoster({ mayPost: mayPostTo(allowPrivate), lookUp })), times)
  let erasures = 0
  const deps: TurnDeps = {
    ...{ db, poster, retryBaseMs, zone: config.outputZone, stopping: closing.signal },
    rule: mobileRule(config.defaultCountry),
    erasures: () => erasures,
    told: watchFailures(log),
    switchOff: async (ownerId, { id, revision }) => {
      const [, off] = await inOneGo(db, [lockOwner([ownerId]), switchOff([ownerId, id, revision])])
      if (off?.rowCount !== 1) return
      log.warn({ owner: ownerId, webhook: id }, 'a webhook was switched off: its receiver answered 410')
    },
  }
  const slots = slotsOf(concurrency)
  const turns = new Set<Promise<void>>()
  let lastOwner = '0'
  let isWanted = false
  let looking: Promise<void> | null = null

  const report = (error: unknown) => {
    // Whoever looks when it is back goes on; what was under way comes again when its lease ends.
    if (!isDatabaseAway(error)) log.error({ err: error }, 'webhooks could not be told of visits')
  }
  const begin = (lane: Lane) => {
    slots.take(lane)
    const turn = takeTurn(lane, deps)
      .then((againMs) => {
        if (againMs !== null && againMs < lookEveryMs) setTimeout(look, againMs).unref()
      }, report)
      .finally(() => {
        slots.free(lane)
        turns.delete(turn)
        look()
      })
    turns.add(turn)
  }
  const lookOnce = async () => {
    const { lanes, ...taken } = await takeLanes(db, slots.room(), lastOwner)
    lastOwner = taken.lastOwner
    const surplus: Lane[] = []
    for (const lane of lanes) {
      if (!closing.signal.aborted && slots.areFree(lane)) begin(lane)
      else surplus.push(lane)
    }
    // One at a time: with one lane held while it waits for the next, it and a batch of visits could wait for each other.
    for (const lane of surplus) await db.pool.query(releaseLane(laneKey(lane)))
    isWanted ||= lanes.length > 0
    if (lanes.length === 0) await sleep(restMs, undefined, { signal: closing.signal }).catch(() => {})
  }
  const look = () => {
    isWanted = true
    if (looking !== null || closing.signal.aborted || slots.room().left === 0) return
    isWanted = false
    looking = lookOnce()
      .catch(report)
      .finally(() => {
        looking = null
        if (isWanted) look()
      })
  }

  const subscriptions = [
    notifications.subscribe('visits', look),
    notifications.subscribe('tokens', (word) => {
      if (word === null || word.startsWith(erasedWord)) erasures += 1
    }),
  ]
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  look()
  return {
    times,
    async close() {
      for (const unsubscribe of subscriptions) unsubscribe()
      clearInterval(timer)
      closing.abort()
      await looking
      await Promise.all(turns)
      poster.close()
    },
  }
}

/** As it was when the request was made: after an edit, it may lead elsewhere. */
const switchOff = statement(`
UPDATE webhooks SET status = 0, updated_at = clock_timestamp()
WHERE user_id = $1 AND id = $2 AND status = 1 AND updated_at::text = $3`)
