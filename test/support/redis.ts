import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { until } from './until.js'

export interface TestRedis {
  url: string
  client: Redis
}

/** Redis for one test: a database of TEST_REDIS_URL that is emptied, or a server of its own. */
export async function testRedis(): Promise<TestRedis> {
  const given = process.env.TEST_REDIS_URL
  const url = given ?? (await startRedis())
  const client = new Redis(url)
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  await until(() => client.ping().catch(() => null))
  return { url, client }
}

/** A number of an owner whom no other test counts requests of. */
export const ownOwner = () => Number.parseInt(randomUUID().replaceAll('-', '').slice(0, 12), 16) + 1

async function startRedis(): Promise<string> {
  const port = await freePort()
  const child = spawn(
    'redis-server',
    [`--port ${port}`, '--bind 127.0.0.1', '--save ""', '--appendonly no'].flatMap(split),
  )
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return `redis://127.0.0.1:${port}`
}

const split = (text: string) => text.split(' ')

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
