import { LRUCache } from 'lru-cache'

/**
 * The same function, which makes each thing once: a schema takes longer to make than most answers, and what is kept about a
 * schema, such as its JSON schema, is kept by the object. The last 50 are kept.
 *
 * @param make its arguments are plain data, such as a part of the configuration
 */
export function memoise<Args extends unknown[], Made extends object>(make: (...args: Args) => Made) {
  const kept = new LRUCache<string, Made>({ max: 50 })
  return (...args: Args): Made => {
    const key = JSON.stringify(args)
    const known = kept.get(key)
    if (known !== undefined) return known
    const made = make(...args)
    kept.set(key, made)
    return made
  }
}
