import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Visit } from '../../client/index.js'
import { token } from '../session.js'
import { apiUrl } from '../surroundings.js'
import { eventReader, type StreamEvent } from './event-text.js'

/** off: nothing on the screen is live. */
export type LiveState = 'off' | 'connecting' | 'live' | 'paused'

export const liveState = signal<LiveState>('off')

const firstRetryMs = 1_000
const longestRetryMs = 30_000

/**
 * Calls back with each visit as it happens. A connection that is lost is opened again where it was, so no visit is missed; while
 * nobody looks at the page there is none, since browsers allow a server only a few.
 *
 * @param path of a stream. EventSource cannot send the token in a header, so it is read with fetch.
 */
export function useLive(path: string, onVisit: (visit: Visit) => void): void {
  useEffect(() => {
    let lastId: string | null = null
    let leave = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let retryMs = firstRetryMs

    const connect = async () => {
      leave.abort()
      leave = new AbortController()
      clearTimeout(timer)
      if (document.hidden) {
        liveState.value = 'paused'
        return
      }
      const { signal } = leave
      liveState.value = 'connecting'
      const outcome = await follow(path, lastId, signal, (event) => {
        liveState.value = 'live'
        retryMs = firstRetryMs
        if (event.id !== null) lastId = event.id
        if (event.name === 'visit' && event.data !== null) onVisit(JSON.parse(event.data))
      }).catch(() => 'lost' as const)
      if (signal.aborted) return
      if (outcome === 'refused') {
        liveState.value = 'off'
        return
      }
      if (outcome === 'restart') lastId = null
      liveState.value = 'connecting'
      timer = setTimeout(connect, retryMs)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
    void connect()
    document.addEventListener('visibilitychange', connect)
    return () => {
      document.removeEventListener('visibilitychange', connect)
      clearTimeout(timer)
      leave.abort()
      liveState.value = 'off'
    }
  }, [path])
}

/** @returns when the stream ends: refused for good, to be begun anew, or to be gone on with */
async function follow(
  path: string,
  lastId: string | null,
  signal: AbortSignal,
  onEvent: (event: StreamEvent) => void,
): Promise<'refused' | 'restart' | 'lost'> {
  const headers = { Authorization: `Bearer ${token.value ?? ''}`, ...(lastId !== null && { 'Last-Event-ID': lastId }) }
  const response = await fetch(apiUrl + path, { headers, signal, cache: 'no-store' })
  // The cursor is of a log that was restored since.
  if (response.status === 409 || (response.status === 422 && lastId !== null)) return 'restart'
  if (response.status >= 400 && response.status < 500 && response.status !== 429) return 'refused'
  if (!response.ok || response.body === null) return 'lost'
  const read = eventReader()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return 'lost'
    for (const event of read(value)) onEvent(event)
  }
}
