import { Server } from 'node:http'
import { expect, it } from 'vitest'
import { givingWay } from '../../src/http/giving-way.js'

it('lets long work rest after each piece while requests arrive, and not while none do', async () => {
  const { server, rests, startGivingWay } = observed()
  const giveWay = startGivingWay(30)
  expect(await giveWay()).toBe(false)
  expect(rests).toEqual([])
  server.emit('request')
  expect(await giveWay()).toBe(true)
  expect(rests).toHaveLength(1)
  expect(await giveWay()).toBe(false)
  expect(rests).toHaveLength(1)
})

it('counts the requests that arrive while it rests', async () => {
  const { server, rests, startGivingWay } = observed()
  const giveWay = startGivingWay(30)
  server.emit('request')
  const resting = giveWay()
  await expect.poll(() => rests.length).toBe(1)
  server.emit('request')
  await resting
  await giveWay()
  expect(rests).toHaveLength(2)
})

it('does no more when there is more of it: each piece waits for those before', async () => {
  const { server, rests, startGivingWay } = observed()
  const works = [startGivingWay(30), startGivingWay(30), startGivingWay(30)]
  server.emit('request')
  for (const giveWay of works) await giveWay()
  const [first = 0, second = 0, third = 0] = rests
  expect(second).toBeGreaterThan(first)
  expect(third).toBeGreaterThan(second)
})

it('rests longer the busier the process is, and goes on when it is always busy', async () => {
  for (const [busy, restMs] of [
    [0, 30],
    [0.5, 60],
    [0.9, 300],
    [1, 600],
  ] as const) {
    const { server, rests, startGivingWay } = observed(() => busy)
    const giveWay = startGivingWay(30)
    server.emit('request')
    await giveWay()
    expect(rests[0]).toBeCloseTo(restMs, 6)
  }
})

/** Rests are over at once, and written down. */
function observed(busy = () => 0) {
  const server = new Server()
  const rests: number[] = []
  const startGivingWay = givingWay(
    server,
    async (milliseconds) => {
      rests.push(milliseconds)
    },
    busy,
  )
  return { server, rests, startGivingWay }
}
