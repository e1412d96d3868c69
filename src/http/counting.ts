/**
 * How often something happens in a stretch of time, counted in this process or, with Redis, by all processes together.
 */
import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Redis } from 'ioredis'
import { growingCache } from '../growing-cache.js'

export interface Count {
  /** This time included. */
  number: number
  /** Milliseconds until counting begins anew. */
  leftMs: number
}

/** Counts one more time. No promise where nothing is waited for. */
export type Counter = (request: FastifyRequest) => Count | Promise<Count>

export interface CounterOptions {
  /** Of its keys in Redis. */
  name: string
  /** From the first time on. */
  windowMs: number
  keyOf: (request: FastifyRequest) => string | number
}

/** To be called while the app is put together, and not from inside of a plugin: it would wait for itself. */
export type OpenCounter = (options: CounterOptions) => Promise<Counter>

/** Counters of this app: in Redis where there is one, which is let go when the app closes. */
export async function openCounters(app: FastifyInstance, redisUrl: string | undefined): Promise<OpenCounter> {
  if (redisUrl === undefined) return async (options) => localCounter(options)
  const redis = await openRedis(redisUrl, app.log)
  app.addHook('onClose', async () => redis.disconnect())
  return (options) => sharedCounter(app, redis, options)
}

/** Whoever is at an address. A network of IPv6 (/64) is one, because it is given out as one. */
export const addressOf = ({ ip }: Pick<FastifyRequest, 'ip'>) => normalizeIP(ip)

/** Whole milliseconds by a clock that nobody sets: a limit must not last longer because the time of day was put back. */
export const elapsedMs = () => Math.floor(performance.now())

const mostKeys = 50_000

/**
 * In this process. By hand: the hook of @fastify/rate-limit, which awaits what is there already, costs a quarter of all that
 * bare Fastify does for a request.
 */
export function localCounter({ windowMs, keyOf }: CounterOptions): (request: FastifyRequest) => Count {
  const counts = growingCache<string | number, { number: number; until: number }>(mostKeys)
  return (request) => {
    const key = keyOf(request)
    const now = elapsedMs()
    let count = counts.get(key)
    if (count === undefined || now >= count.until) {
      count = { number: 0, until: now + windowMs }
      counts.set(key, count)
    }
    count.number += 1
    return { number: count.number, leftMs: count.until - now }
  }
}

/** For how long Redis is not asked after it has failed. */
const restMs = 1_000

/** In Redis, by @fastify/rate-limit. While Redis is away or slow, each process counts alone. */
async function sharedCounter(app: FastifyInstance, redis: Redis, options: CounterOptions): Promise<Counter> {
  const alone = localCounter(options)
  const together = await redisCounter(app, redis, options)
  let restUntil = 0
  return async (request) => {
    if (elapsedMs() < restUntil) return alone(request)
    try {
      return await together(request)
    } catch {
      restUntil = elapsedMs() + restMs
      return alone(request)
    }
  }
}

async function redisCounter(app: FastifyInstance, redis: Redis, { name, windowMs, keyOf }: CounterOptions) {
  const nameSpace = `smart-link:${name}:`
  const options = { global: false, redis, nameSpace, max: Number.MAX_SAFE_INTEGER, timeWindow: windowMs }
  let count: ReturnType<FastifyInstance['createRateLimit']> | undefined
  // In a scope of its own: all that the plugin counts in one scope has one name.
  await app.register(async (scope) => {
    await scope.register(rateLimit, { ...options, keyGenerator: keyOf })
    count = scope.createRateLimit()
  })
  return async (request: FastifyRequest): Promise<Count> => {
    const counted = await count?.(request)
    if (counted === undefined || counted.isAllowed) throw new Error('a request was not counted')
    return { number: counted.max - counted.remaining, leftMs: counted.ttl }
  }
}

/** A connection whose commands fail at once while Redis is away, and which comes back by itself. */
async function openRedis(url: string, log: FastifyInstance['log']): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 500,
    // A network can swallow what is sent without a word: a connection that answers nothing for so long is made anew.
    socketTimeout: 2_000,
    keepAlive: 10_000,
    retryStrategy: (attempts) => Math.min(attempts * 100, 2_000),
  })
  let isAway = false
  redis.on('error', (error: Error) => {
    if (!isAway) log.warn({ err: error }, 'Redis is away: each server counts requests alone')
    isAway = true
  })
  redis.on('ready', () => {
    if (isAway) log.info('Redis is back: requests are counted together')
    isAway = false
  })
  await redis.connect().catch(() => {})
  return redis
}
