import type { Failure } from './ask.js'

export interface Asking {
  /** Something has changed: asks again, after the request under way if there is one, which would never finish else. */
  again(): void
  stop(): void
}

interface AskingOptions<T> {
  /** @throws only when it was aborted */
  attempt: (signal: AbortSignal) => Promise<T>
  onAsk: () => void
  /** @returns the failure if it was one */
  onOutcome: (outcome: T) => Failure | undefined
}

const firstWaitMs = 1_000
const longestWaitMs = 30_000
/** Of what a server asks for: its limit of requests is by the minute. */
const longestAskedMs = 60_000

/** Asks at once, and again by itself after a failure that may pass, later each time, and only while somebody looks. */
export function keepAsking<T>({ attempt, onAsk, onOutcome }: AskingOptions<T>): Asking {
  const leave = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isAsking = false
  let isDue = false
  let failures = 0

  const start = () => {
    timer = undefined
    isAsking = true
    isDue = false
    onAsk()
    attempt(leave.signal).then(take, () => {})
  }
  const startWhenSeen = () => {
    if (!document.hidden) start()
    else document.addEventListener('visibilitychange', startWhenSeen, { once: true, signal: leave.signal })
  }
  const take = (outcome: T) => {
    if (leave.signal.aborted) return
    isAsking = false
    const failure = onOutcome(outcome)
    if (failure !== undefined && mayPass(failure.problem.status)) {
      const waitMs = Math.min(firstWaitMs * 2 ** failures, longestWaitMs)
      failures += 1
      timer = setTimeout(startWhenSeen, Math.max(waitMs, Math.min(failure.askedMs, longestAskedMs)))
      return
    }
    failures = 0
    if (isDue) start()
  }
  start()
  return {
    again() {
      if (leave.signal.aborted || timer !== undefined) return
      if (isAsking) isDue = true
      else start()
    },
    stop() {
      clearTimeout(timer)
      leave.abort()
    },
  }
}

/** The server is away or busy, or this was too much for now. */
export const mayPass = (status: number) => [0, 408, 425, 429].includes(status) || status >= 500
