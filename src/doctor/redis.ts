import { Redis } from 'ioredis'
import type { Finding } from './finding.js'

/** Where servers count together, which they do without for as long as it is away. */
export async function examineRedis(url: string | undefined): Promise<Finding[]> {
  if (url === undefined) return [{ level: 'ok', topic: 'redis', text: 'none: each server counts requests alone' }]
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    retryStrategy: () => null,
  })
  let reason = ''
  redis.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.message || (error.code ?? '')
  })
  try {
    await redis.connect()
    await redis.ping()
    return [{ level: 'ok', topic: 'redis', text: 'reached' }]
  } catch (error) {
    const text = `REDIS_URL cannot be used: ${reason || (error as Error).message}. Each server counts requests alone`
    return [{ level: 'warn', topic: 'redis', text }]
  } finally {
    redis.disconnect()
  }
}
