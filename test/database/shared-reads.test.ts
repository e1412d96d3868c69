import { expect, it } from 'vitest'
import { SharedReads } from '../../src/database/shared-reads.js'

it('a read that never ends fails those who wait for it, and keeps nobody else from reading', async () => {
  const reads: number[][] = []
  const shared = new SharedReads<number, number>({
    read: (keys) => {
      reads.push(keys)
      return reads.length === 1 ? new Promise(() => {}) : Promise.resolve(keys.map((key) => 2 * key))
    },
    ...{ most: 10, mostInFlight: 1, limitMs: 50 },
  })
  const [stuck, after] = [shared.find(1), [shared.find(2), shared.find(3)]]
  await expect(stuck).rejects.toThrow('Connection terminated')
  expect(await Promise.all(after)).toEqual([4, 6])
  expect(reads).toEqual([[1], [2, 3]])
})
