import { expect, it } from 'vitest'
import { growingCache } from '../src/growing-cache.js'

it('keeps as many entries as it may, those that were used last', () => {
  const cache = growingCache<number, string>(1000)
  for (let key = 0; key < 1000; key++) cache.set(key, `value ${key}`)
  expect([cache.size, cache.get(0)]).toEqual([1000, 'value 0'])
  cache.set(1000, 'one more')
  expect([cache.size, cache.get(0), cache.get(1), cache.get(1000)]).toEqual([1000, 'value 0', undefined, 'one more'])
})

it('takes no room for entries that it does not have', () => {
  const before = process.memoryUsage()
  const caches = Array.from({ length: 500 }, () => growingCache<string, true>(50_000))
  const after = process.memoryUsage()
  expect(caches.every(({ size }) => size === 0)).toBe(true)
  // Tables of 50,000 entries would be more than 1 MB each.
  const grownBy = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  expect(grownBy).toBeLessThan(50 * 2 ** 20)
})
