import { vi } from 'vitest'

/**
 * Stops the time of day and the clock that only goes forward; timers run. `vi.useRealTimers()` lets both go on.
 *
 * @param start Unix milliseconds
 */
export function stopClock(start = Date.now()) {
  // vitest moves both clocks together, and sets the time of day alone.
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: start })
  return {
    /** @param at Unix milliseconds, not before what it is */
    moveTo: (at: number) => void vi.advanceTimersByTime(at - Date.now()),
    move: (byMs: number) => void vi.advanceTimersByTime(byMs),
    /** As somebody does who sets the clock of the machine. */
    putBack: (byMs: number) => void vi.setSystemTime(Date.now() - byMs),
  }
}
