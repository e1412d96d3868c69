import type { Server } from 'node:http'
import { setImmediate as afterOthers, setTimeout as wait } from 'node:timers/promises'

/**
 * To be awaited between two pieces of long work: who waits for an answer goes first.
 *
 * @returns whether somebody did: the next piece should then be a small one, because no answer comes in the middle of it
 */
export type GiveWay = () => Promise<boolean>

/** What a work starts with; its rest should be several times as long as one of its pieces takes to make. */
export type StartGivingWay = (restMs: number) => GiveWay

/**
 * While requests arrive, all long work together rests after each piece: it takes little of the process and of the database
 * then, however much of it there is. While none arrive, it does not rest.
 */
export function givingWay(server: Server, rest: (milliseconds: number) => Promise<unknown> = wait): StartGivingWay {
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
      nextAt = Math.max(nextAt, now) + restMs
      await rest(nextAt - now)
      return true
    }
  }
}
