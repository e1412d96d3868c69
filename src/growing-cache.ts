import { LRUCache } from 'lru-cache'

/**
 * Keeps the `most` entries that were used last. Its tables grow with what is in them: `new LRUCache({ max: 50_000 })` takes the room
 * of all entries, and 3 ms, at once.
 */
export function growingCache<Key extends string | number, Value extends object | string | true>(
  most: number,
): LRUCache<Key, Value> {
  return new LRUCache({ maxSize: most, sizeCalculation: () => 1 })
}
