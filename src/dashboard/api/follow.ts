import { apiUrl } from '../surroundings.js'
import { mayPass } from './again.js'
import { eventReader, type StreamEvent } from './event-text.js'
import { type Problem, problemOf } from './problem.js'

export interface Followed {
  /** Of a stream. EventSource cannot send the token in a header, so it is read with fetch. */
  path: string
  token: string
  /** Of the last event that was received; null: from now on. */
  lastId: string | null
}

/** When it ends: to be begun anew, to be gone on with, or why it is refused for good. */
export type Outcome = 'restart' | 'lost' | Problem

/** One connection to a stream. Heartbeats are events too, of nothing. */
export async function follow(
  { path, token, lastId }: Followed,
  signal: AbortSignal,
  onEvent: (event: StreamEvent) => void,
): Promise<Outcome> {
  const headers = { Authorization: `Bearer ${token}`, ...(lastId !== null && { 'Last-Event-ID': lastId }) }
  const response = await fetch(apiUrl + path, { headers, signal, cache: 'no-store' })
  // The cursor is of a log that was restored since.
  if (response.status === 409 || (response.status === 422 && lastId !== null)) return 'restart'
  if (response.status >= 400 && !mayPass(response.status)) {
    return problemOf(response, await response.json().catch(() => null))
  }
  if (!response.ok || response.body === null) return 'lost'
  const read = eventReader()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done || signal.aborted) return 'lost'
    for (const event of read(value)) onEvent(event)
  }
}
