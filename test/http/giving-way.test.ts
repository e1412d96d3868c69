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

/** Rests are over at once, and written down. */
function observed() {
  const server = new Server()
  const rests: number[] = []
  const startGivingWay = givingWay(server, async (milliseconds) => {
    rests.push(milliseconds)
  })
  return { server, rests, startGivingWay }
}
