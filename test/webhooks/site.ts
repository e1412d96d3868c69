/** A database with webhooks, links and visits, and processes that tell of them. */
import { expect, onTestFinished, vi } from 'vitest'
import { readConfig } from '../../src/config.js'
import { type Notifications, openNotifications } from '../../src/database/notifications.js'
import type { Database } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import { newVerificationCode } from '../../src/webhooks/code.js'
import { openWebhookDelivery, type WebhookDelivery } from '../../src/webhooks/delivery.js'
import type { LookUp } from '../../src/webhooks/names.js'
import { emptiedDatabase, openPatiently } from '../support/database.js'
import { newVisit, storeLink } from '../support/visits.js'

/** What an owner has, 1 where nothing else is said. */
export interface OwnerSite {
  /** A webhook, and its id. */
  webhook(uri: string, given?: { status?: number; secret?: string }): Promise<{ id: string; code: string }>
  /** Links that name a webhook. */
  links(webhookId: string, ...ids: number[]): Promise<void>
  /** Stores visits of a link as clicks are stored, and answers their ids in order. */
  visit(linkId: number, count?: number, given?: Parameters<typeof newVisit>[1]): Promise<string[]>
}

export interface DeliverySite extends OwnerSite {
  db: Database
  url: string
  /** Lines of the log of every delivery. */
  log: { level: string; message: string; fields: object }[]
  /** A process that delivers, until the test ends or it is closed; retries come within milliseconds. */
  deliver(options?: { env?: Record<string, string>; lookUp?: LookUp }): DeliveringProcess
  /** The same for another owner. */
  of(ownerId: number): OwnerSite
  /** Rows of the outbox, oldest first. */
  deliveries(): Promise<DeliveryRecord[]>
  lanes(): Promise<number>
}

export interface DeliveringProcess extends Pick<WebhookDelivery, 'close'> {
  notifications: Notifications
}

export interface DeliveryRecord {
  id: string
  link_id: string
  seq: string
  state: string
  attempts: number
  last_status: number | null
  last_error: string | null
}

/** No retry comes within the test: pauses are as long as they can be, of which a random part is waited otherwise. */
export function longestPauses(): { WEBHOOK_RETRY_BASE_MS: string } {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.999)
  onTestFinished(() => random.mockRestore())
  return { WEBHOOK_RETRY_BASE_MS: '99999' }
}

/** What comes true sooner or later. */
export const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { interval: 20 })

/** Sites of owner 1, on a database of the file, which is emptied for each. To be called outside of tests. */
export function deliverySites(): () => Promise<DeliverySite> {
  const database = emptiedDatabase()
  return async () => siteOn(await database())
}

function siteOn({ db, url }: Pick<DeliverySite, 'db' | 'url'>): DeliverySite {
  const log: DeliverySite['log'] = []
  const say = (level: string) => (fields: object, message: string) => log.push({ level, message, fields })
  const of = (ownerId: number) => ownerSite(db, ownerId)
  return {
    ...of(1),
    of,
    db,
    url,
    log,
    deliver({ env = {}, lookUp } = {}) {
      const config = readConfig({ WEBHOOK_ALLOW_PRIVATE: 'on', WEBHOOK_RETRY_BASE_MS: '5', ...env })
      const own = openPatiently({ url, connections: 4 })
      const notifications = openNotifications(url)
      const logs = { info: say('info'), warn: say('warn'), error: say('error') }
      const delivery = openWebhookDelivery({ db: own, notifications, config, log: logs, ...(lookUp && { lookUp }) })
      let closed: Promise<void> | null = null
      const close = () => {
        closed ??= delivery.close().then(async () => {
          await notifications.close()
          await own.close()
        })
        return closed
      }
      onTestFinished(close)
      return { close, notifications }
    },
    async deliveries() {
      const { rows } = await db.pool.query<DeliveryRecord>(
        `SELECT id, link_id, seq, state, attempts, last_status, last_error
         FROM webhook_deliveries ORDER BY created_at, link_id, seq`,
      )
      return rows
    },
    async lanes() {
      const { rows } = await db.pool.query<{ count: number }>('SELECT count(*)::int FROM webhook_lanes')
      return rows[0]?.count ?? 0
    },
  }
}

function ownerSite(db: Database, ownerId: number): OwnerSite {
  return {
    async webhook(uri, { status = 1, secret } = {}) {
      await db.pool.query('INSERT INTO owners (id) VALUES ($1) ON CONFLICT DO NOTHING', [ownerId])
      const code = newVerificationCode()
      const { rows } = await db.pool.query(
        `INSERT INTO webhooks (user_id, id, name, uri, status, secret, verification_code)
         VALUES ($5, gen_random_uuid(), 'a webhook', $1, $2, $3, $4) RETURNING id`,
        [uri, status, secret ?? null, code, ownerId],
      )
      return { id: rows[0].id, code }
    },
    async links(webhookId, ...ids) {
      for (const id of ids) await storeLink(db, ownerId, id, { webhookId })
    },
    async visit(linkId, count = 1, given = {}) {
      const visits = Array.from({ length: count }, () => newVisit(linkId, given))
      await appendVisits(db, ownerId, visits, { isLive: true })
      return visits.map(({ id }) => id)
    },
  }
}
