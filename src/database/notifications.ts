import type pg from 'pg'
import { SessionClient, sessionConfig } from './session.js'

const channels = ['visits', 'tokens', 'access_tokens', 'access_tokens_heard', 'removals'] as const

export type Channel = (typeof channels)[number]

type Listener = (payload: string | null) => void

/** Word from every process on this database, this one included, at the moment of a commit. */
export interface Notifications {
  /** @returns how to stop listening. The payload is null when words may have been missed: look for yourself. */
  subscribe(channel: Channel, listener: Listener): () => void
  /** Whether every word is heard right now; each listener has been told when that changed. */
  isListening(): boolean
  close(): Promise<void>
}

const reconnectMs = 1000

/** Of the connections that listen, as the database knows them. */
export const listenerName = 'smart-link listen'

/**
 * Listens on a connection of its own. When that is lost it connects again, and until it has, and once when it has, every
 * listener is told every second that it may have missed something: nobody waits for a word that was said meanwhile.
 */
export function openNotifications(url: string, onError: (error: Error) => void = () => {}): Notifications {
  const listeners = new Map<Channel, Set<Listener>>(channels.map((channel) => [channel, new Set()]))
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | null = null
  let isListening = false
  let closed = false

  const tell = (channel: string, payload: string | null) => {
    for (const listener of listeners.get(channel as Channel) ?? []) listener(payload)
  }
  const tellAll = () => {
    for (const channel of channels) tell(channel, null)
  }
  const lost = (error: Error, at: pg.Client) => {
    if (closed || client !== at) return
    client = null
    isListening = false
    onError(error)
    at.end().catch(() => {})
    retry()
  }
  const retry = () => {
    tellAll()
    timer = setTimeout(start, reconnectMs)
    timer.unref()
  }
  const start = () => {
    if (closed) return
    const fresh = new SessionClient(sessionConfig(url, { name: listenerName }))
    client = fresh
    fresh.on('error', (error) => lost(error, fresh))
    fresh.on('end', () => lost(new Error('the connection that listens has ended'), fresh))
    fresh.on('notification', ({ channel, payload }) => tell(channel, payload ?? ''))
    fresh
      .connect()
      .then(() => fresh.query(channels.map((channel) => `LISTEN ${channel}`).join('; ')))
      .then(() => {
        isListening = client === fresh
        tellAll()
      })
      .catch((error: Error) => lost(error, fresh))
  }
  start()

  return {
    subscribe(channel, listener) {
      const set = listeners.get(channel)
      set?.add(listener)
      return () => set?.delete(listener)
    },
    isListening: () => isListening,
    async close() {
      closed = true
      isListening = false
      if (timer) clearTimeout(timer)
      tellAll()
      await client?.end().catch(() => {})
    },
  }
}
