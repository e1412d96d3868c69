import Fastify from 'fastify'
import { afterEach, expect, it, vi } from 'vitest'
import { letGoWhenStopping } from '../../src/http/stopping.js'

afterEach(() => void vi.useRealTimers())

it.each([
  ['has listened', true],
  ['has never listened', false],
])('a server that %s leaves no timer behind when it is closed', async (_, listens) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const app = Fastify()
  letGoWhenStopping(app)
  if (listens) await app.listen()
  else await app.ready()
  await app.close()
  expect(vi.getTimerCount()).toBe(0)
})
