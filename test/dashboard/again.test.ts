import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { keepAsking } from '../../src/dashboard/api/again.js'

const tab = Object.assign(new EventTarget(), { hidden: false })

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', tab)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function look(hidden: boolean): void {
  tab.hidden = hidden
  tab.dispatchEvent(new Event('visibilitychange'))
}

/** Asks, and is answered with this status each time. */
function asking(status: number) {
  const attempt = vi.fn(async () => ({ problem: { status, message: '', fields: {} }, askedMs: 0 }))
  const { stop } = keepAsking({ attempt, onAsk: () => {}, onOutcome: (failure) => failure })
  return { attempt, stop }
}

it.each([0, 408, 425, 429, 500, 503])('asks again after %i, later each time', async (status) => {
  const { attempt, stop } = asking(status)
  const counts: number[] = []
  for (const ms of [0, 999, 1, 1_999, 1]) {
    await vi.advanceTimersByTimeAsync(ms)
    counts.push(attempt.mock.calls.length)
  }
  expect(counts).toEqual([1, 1, 2, 2, 3])
  stop()
})

it.each([400, 403, 404, 422])('takes %i for an answer', async (status) => {
  const { attempt, stop } = asking(status)
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(attempt).toHaveBeenCalledTimes(1)
  stop()
})

it('leaves the server alone while nobody looks, and asks when somebody does', async () => {
  const { attempt, stop } = asking(503)
  look(true)
  await vi.advanceTimersByTimeAsync(3_600_000)
  look(true)
  expect(attempt).toHaveBeenCalledTimes(1)
  look(false)
  expect(attempt).toHaveBeenCalledTimes(2)
  stop()
})

it('asks no more when it was left, also while nobody looked', async () => {
  const { attempt, stop } = asking(503)
  look(true)
  await vi.advanceTimersByTimeAsync(3_600_000)
  stop()
  look(false)
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(attempt).toHaveBeenCalledTimes(1)
})
