import { openReadRemoval } from './audit/removal.js'
import type { Config } from './config.js'
import type { Notifications } from './database/notifications.js'
import type { Database } from './database/open.js'
import { openErasureRemoval } from './erasures/removal.js'
import type { Queue } from './queue/queue.js'
import { openRefusedErasure } from './queue/refused-erasure.js'
import { openWorker, type Worker } from './queue/worker.js'
import { openMobileKeys } from './recipients/key-mobiles.js'
import { mobileRule } from './recipients/mobile.js'
import { openRemoval } from './visits/removal.js'
import { openRetention } from './visits/retention.js'
import { openBlockKeeper } from './visits/statistics/block-keeper.js'
import { openWebhookDelivery, type WebhookDelivery, type WebhookDeliveryOptions } from './webhooks/delivery.js'
import type { DeliveryLog } from './webhooks/failures.js'
import { openDeliveryRemoval } from './webhooks/removal.js'

/** What goes on in the background, in any number of processes. */
export interface Work {
  delivery: WebhookDelivery
  /** Null without a queue. */
  worker: Worker | null
  /** Ends after what is in hand. */
  close(): Promise<void>
}

export interface WorkDeps {
  db: Database
  notifications: Notifications
  /** Null where clicks go straight to the log. */
  queue: Queue | null
  config: Config
  log: DeliveryLog
  tracePosts?: WebhookDeliveryOptions['tracePosts']
}

/**
 * Stores visits of the queue, tells webhooks of visits, makes what statistics are read from, and removes what was deleted and what
 * has been kept for long enough.
 */
export function openWork({ db, notifications, queue, config, log, tracePosts }: WorkDeps): Work {
  const removal = openRemoval({ db, notifications, log })
  const retention = openRetention({ db, retentionDays: config.retentionDays, log })
  const readRemoval = openReadRemoval({ db, auditDays: config.auditDays, log })
  const deliveryRemoval = openDeliveryRemoval({ db, keepDays: config.webhooks.keepDays, log })
  const mobileKeys = openMobileKeys({ db, rule: mobileRule(config.defaultCountry), log })
  const delivery = openWebhookDelivery({ db, notifications, config, log, ...(tracePosts && { tracePosts }) })
  const keeper = openBlockKeeper({ db, notifications, log })
  const worker = queue && openWorker({ queue, db, log })
  const erasureRemoval = openErasureRemoval({ db, auditDays: config.auditDays, log })
  const refusedErasure = queue && openRefusedErasure({ db, queue, log })
  return {
    delivery,
    worker,
    async close() {
      const removals = [deliveryRemoval, readRemoval, erasureRemoval, refusedErasure, retention, removal]
      const parts = [worker, keeper, delivery, mobileKeys, ...removals]
      await Promise.all(parts.map((part) => part?.close()))
    },
  }
}
