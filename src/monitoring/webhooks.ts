import type { Registry } from 'prom-client'
import type { Database } from '../database/open.js'
import { type Backlog, readBacklog } from '../webhooks/backlog.js'
import type { WebhookDelivery } from '../webhooks/delivery.js'
import { addGauge, addHistogram } from './metric.js'
import { whenAsked } from './when-asked.js'

/** What this process has delivered, and what all of them have still to deliver. */
export function measureWebhooks(registry: Registry, db: Database, { times }: Pick<WebhookDelivery, 'times'>): void {
  addHistogram(
    registry,
    { name: 'smart_link_webhook_request_duration_seconds', help: 'Requests to webhooks, by what became of them.' },
    () => [...times].map(([outcome, distribution]) => [{ outcome }, distribution]),
  )
  const backlog = whenAsked(() => readBacklog(db))
  const gauge = (name: string, help: string, key: keyof Backlog) =>
    addGauge(
      registry,
      { name, help: `${help} The same of every process.` },
      async () => (await backlog())?.[key] ?? null,
    )
  gauge('smart_link_webhook_pending', 'Deliveries to be made, counted up to a million.', 'pending')
  gauge('smart_link_webhook_parked', 'Deliveries that were given up.', 'parked')
  gauge('smart_link_webhook_lag_seconds', 'How late the delivery is that is due.', 'lagSeconds')
  gauge('smart_link_webhook_oldest_seconds', 'Age of the oldest delivery to be made, retries too.', 'oldestSeconds')
}
