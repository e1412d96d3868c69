import { AsyncLocalStorage } from 'node:async_hooks'
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

it('a read that waits for another one is part of what its first asker is part of', async () => {
  const asker = new AsyncLocalStorage<string>()
  const reads: [string | undefined, number[]][] = []
  const shared = new SharedReads<number, number>({
    read: async (keys) => {
      reads.push([asker.getStore(), keys])
      return keys
    },
    ...{ most: 10, mostInFlight: 1 },
  })
  const ask = (name: string, key: number) => asker.run(name, () => shared.find(key))
  await Promise.all([ask('first', 1), ask('second', 2), ask('third', 3)])
  await ask('fourth', 4)
  expect(reads).toEqual([
    ['first', [1]],
    ['second', [2, 3]],
    ['fourth', [4]],
  ])
})
