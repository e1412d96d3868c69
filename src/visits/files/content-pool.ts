import { LRUCache } from 'lru-cache'

const pool = new LRUCache<string, object>({ max: 5_000 })

/**
 * The one object of this content: the log makes a number of each object it has not met (dictionary.ts), and a file repeats the
 * same user agents and places on every line.
 */
export function pooled<T extends object>(content: T): T {
  const key = JSON.stringify(content)
  const known = pool.get(key)
  if (known !== undefined) return known as T
  pool.set(key, Object.freeze(content))
  return content
}
