import type { Registry } from 'prom-client'
import type { CacheCounts } from '../measures.js'
import { addCounter, type Reading } from './metric.js'

/** What remembers, by its name in the metrics. */
export type Cached = Record<string, { readonly counts: CacheCounts }>

/** What was found in memory, and what had to be looked for. @param cached may be added to later */
export function measureCaches(registry: Registry, cached: Cached): void {
  const each = (key: keyof CacheCounts) => (): Reading =>
    Object.entries(cached).map(([cache, { counts }]) => [{ cache }, counts[key]])
  addCounter(registry, { name: 'smart_link_cache_hits_total', help: 'Found in memory.' }, each('hits'), ['cache'])
  addCounter(registry, { name: 'smart_link_cache_misses_total', help: 'Not found in memory.' }, each('misses'), [
    'cache',
  ])
}
