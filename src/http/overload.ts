/**
 * When there is more to do than this process can, questions wait and clicks do not: the API refuses, redirects go on.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import type { Database } from '../database/open.js'
import { HttpError } from './errors.js'

export interface Load {
  isHigh(): boolean
  /** Looks at the event loop from now on. What a start does there at once is no load, and nobody is refused for it. */
  begin(): void
  close(): void
}

/** Of the event loop, on average, in two looks in a row. Requests take a few milliseconds, so this is dozens of them in line. */
const longestDelayMs = 150
const lookEveryMs = 500
const resolutionMs = 10
/** Of queries for a connection: with a page in 2 ms and 8 connections, 0.1 s. */
const mostWaiting = 500

export function watchLoad(db: Database): Load {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  let before = 0
  let now = 0
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    // Samples hold the time between two of them; idle that is the resolution. Without samples nothing ran at all.
    before = now
    now = histogram.count === 0 ? lookEveryMs : histogram.mean / 1e6 - resolutionMs
    histogram.reset()
  }
  return {
    isHigh: () => Math.min(before, now) > longestDelayMs || db.pool.waitingCount > mostWaiting,
    begin: () => {
      histogram.enable()
      timer = setInterval(look, lookEveryMs).unref()
    },
    close: () => {
      clearInterval(timer)
      histogram.disable()
    },
  }
}

/** Requests of this scope are refused, before anything is done for them, while the load is high. */
export function refuseWhenOverloaded(scope: FastifyInstance, load: Pick<Load, 'isHigh'>): void {
  scope.addHook('onRequest', (_, __, done) => {
    if (load.isHigh()) {
      throw new HttpError(503, 'The server is busy. Try again soon.', { headers: { 'retry-after': '1' } })
    }
    done()
  })
}
