import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Visit } from '../../client/index.js'
import { end, token } from '../session.js'
import { heartbeatMs } from '../surroundings.js'
import type { StreamEvent } from './event-text.js'
import { follow, type Outcome } from './follow.js'
import type { Problem } from './problem.js'

/** off: nothing on the screen is live. refused: it would be, and the server does not let it. */
export type LiveState = 'off' | 'connecting' | 'live' | 'paused' | 'refused'

export const liveState = signal<LiveState>('off')

/** Why it is refused. */
export const refusal = signal('')

const firstRetryMs = 1_000
const longestRetryMs = 30_000

/** A connection that brings nothing for so long, not even a heartbeat, is dead, whether anybody said so or not. */
const silenceMs = Math.max(3 * heartbeatMs, 2_000)

interface LiveCalls {
  onVisit: (visit: Visit) => void
  /**
   * Something may have changed that no visit tells of: visits were blanked, there was no connection to go on from, or the server
   * lets nobody follow any more.
   */
  onOutdated: () => void
}

/**
 * Calls back with each visit as it happens. A connection that is lost is opened again where it was, so no visit is missed; while
 * nobody looks at the page there is none, since browsers allow a server only a few.
 *
 * @param path of a stream
 */
export function useLive(path: string, calls: LiveCalls): void {
  useEffect(() => keepFollowing(path, calls), [path])
}

/** @returns to be called on leaving */
function keepFollowing(path: string, { onVisit, onOutdated }: LiveCalls): () => void {
  let lastId: string | null = null
  // The first connection is opened while the page asks for its numbers: they have what came before.
  let isFirst = true
  let hasMissed = false
  let leave = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = firstRetryMs

  const connectIn = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(connect, ms)
  }
  const connect = async () => {
    leave.abort()
    leave = new AbortController()
    clearTimeout(timer)
    hasMissed = lastId === null && !isFirst
    isFirst = false
    if (document.hidden) {
      liveState.value = 'paused'
      return
    }
    liveState.value = 'connecting'
    connectIn(silenceMs)
    const { signal } = leave
    const outcome = await follow({ path, token: token.value ?? '', lastId }, signal, take).catch(() => 'lost' as const)
    if (!signal.aborted) goOn(outcome)
  }
  const take = ({ id, name, data }: StreamEvent) => {
    connectIn(silenceMs)
    liveState.value = 'live'
    retryMs = firstRetryMs
    if (id !== null) lastId = id
    if (name === 'visit' && data !== null) onVisit(JSON.parse(data))
    if (name === 'erasure' || hasMissed) onOutdated()
    hasMissed = false
  }
  const goOn = (outcome: Outcome) => {
    clearTimeout(timer)
    if (typeof outcome === 'object') return giveUp(outcome)
    if (outcome === 'restart') lastId = null
    liveState.value = 'connecting'
    connectIn(retryMs)
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }
  const giveUp = ({ status, message }: Problem) => {
    if (status === 401) return end(message)
    refusal.value = message
    liveState.value = 'refused'
    if (lastId !== null) onOutdated()
  }
  void connect()
  document.addEventListener('visibilitychange', connect)
  return () => {
    document.removeEventListener('visibilitychange', connect)
    clearTimeout(timer)
    leave.abort()
    liveState.value = 'off'
  }
}
