import { LRUCache } from 'lru-cache'

export interface DeliveryLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Says when a webhook begins to fail and when it works again: once, however many deliveries there are. */
export function watchFailures(log: DeliveryLog) {
  const failing = new LRUCache<string, true>({ max: 10_000 })
  return ({ ownerId }: { ownerId: string }, webhookId: string, reason: string | null): void => {
    const fields = { owner: ownerId, webhook: webhookId }
    if (reason === null) {
      if (failing.delete(webhookId)) log.info(fields, 'a webhook works again')
      return
    }
    if (!failing.has(webhookId)) log.warn({ ...fields, reason }, 'a webhook fails')
    failing.set(webhookId, true)
  }
}
