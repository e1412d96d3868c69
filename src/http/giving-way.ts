import type { Server } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setImmediate as afterOthers, setTimeout as wait } from 'node:timers/promises'

/**
 * To be awaited between two pieces of long work: who waits for an answer goes first.
 *
 * @returns whether somebody did: the next piece should then be a small one, because no answer comes in the middle of it
 */
export type GiveWay = () => Promise<boolean>

/** What a work starts with: for how long it rests where there is nothing else to do, several times as long as a piece takes. */
export type StartGivingWay = (restMs: number) => GiveWay

/**
 * While requests arrive, all long work together rests after each piece: it takes little of the process and of the database
 * then, however much of it there is, and the less the busier the process is, where that is told. While none arrive, it does
 * not rest.
 *
 * @param busy which part of the time the process is busy, from 0 to 1
 */
export function givingWay(
  server: Server,
  rest: (milliseconds: number) => Promise<unknown> = wait,
  busy: () => number = () => 0,
): StartGivingWay {
  let arrived = 0
  let nextAt = 0
  server.on('request', () => {
    arrived += 1
  })
  return (restMs) => {
    let seen = arrived
    return async () => {
      await afterOthers()
      if (arrived === seen) return false
      seen = arrived
      const now = performance.now()
      nextAt = Math.max(nextAt, now) + restMs / (1 - Math.min(busy(), mostBusy))
      await rest(nextAt - now)
      return true
    }
  }
}

/** Even then it goes on. */
const mostBusy = 0.95

/** Which part of the time this process has been busy lately: in the last fifty milliseconds or more. */
export function loopUtilization(): () => number {
  let last = performance.eventLoopUtilization()
  let lately = 0
  return () => {
    const now = performance.eventLoopUtilization()
    const { active, idle, utilization } = performance.eventLoopUtilization(now, last)
    if (active + idle < 50) return lately
    last = now
    lately = utilization
    return lately
  }
}
