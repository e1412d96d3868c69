import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** How often it is looked at whether there is something else to do. */
const lookMs = 10

/** Share of a look's time that the process may be busy and still count as idle. */
const idleShare = 0.25

/**
 * Rests between two pieces of work, so that clicks have their part of the database and of this process. A process that has nothing else
 * to do does not rest.
 *
 * @param restMs at most
 */
export async function restWhileBusy(restMs: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + restMs
  let before = performance.eventLoopUtilization()
  for (let left = until - performance.now(); left > 0 && !signal.aborted; left = until - performance.now()) {
    await sleep(Math.min(lookMs, left), undefined, { signal }).catch(() => {})
    const { utilization } = performance.eventLoopUtilization(before)
    if (utilization < idleShare) return
    before = performance.eventLoopUtilization()
  }
}
