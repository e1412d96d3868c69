import { lookup, Resolver } from 'node:dns/promises'
import type { WebhookConfig } from '../config.js'

/** Addresses that a name stands for. */
export type LookUp = (name: string) => Promise<string[]>

/**
 * How names of webhooks are looked up.
 *
 * By asking the name servers: the system's own way blocks one of the few threads that also write the spool to disk, as long as a
 * name server takes to answer. Where private addresses are allowed, the system is asked all the same, because it alone knows
 * names such as those of its hosts file.
 */
export function lookUpNames(allowPrivate: WebhookConfig['allowPrivate']): LookUp {
  if (allowPrivate !== false) {
    return async (name) => (await lookup(name, { all: true })).map(({ address }) => address)
  }
  const resolver = new Resolver({ timeout: 1000, tries: 2 })
  return async (name) => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason
    return [four, six].flatMap((found) => (found.status === 'fulfilled' ? found.value : []))
  }
}
