import type pg from 'pg'
import { epochCheck } from './log-epoch.js'
import { SessionClient, sessionConfig } from './session.js'

const channels = ['visits', 'tokens', 'access_tokens', 'access_tokens_heard', 'removals'] as const

/** Said when nothing that was true of the database need be true any more (log-epoch.ts). */
const epochChannel = 'log_epoch'

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

/** Also what the connection is asked whether it is there: it changes nothing. */
const listen = [...channels, epochChannel].map((channel) => `LISTEN ${channel}`).join('; ')

const reconnectMs = 1000
/** A network can swallow what is sent without a word: then only asking tells whether somebody is still there. */
const pingMs = 5_000
const mostUnanswered = 2
const farewellMs = 1_000

export interface NotificationsOptions {
  /** Told once when a connection that listened is lost. */
  onError?: (error: Error) => void
  /** How often the connection is asked whether it is there: it is given up when nothing came back for three times this. */
  pingMs?: number
}

/** Of the connections that listen, as the database knows them. */
export const listenerName = 'smart-link listen'

/**
 * Listens on a connection of its own. When that is lost, or silent for some seconds although it was asked, it connects again; until
 * it has, and once when it has, every listener is told every second that it may have missed something: nobody waits for a word that
 * was said meanwhile.
 *
 * A connection that was lost may come back to another database. That is looked at here too, because those of a pooler stay when
 * what is behind them changes.
 */
export function openNotifications(url: string, options: NotificationsOptions = {}): Notifications {
  const { onError = () => {}, pingMs: everyMs = pingMs } = options
  const listeners = new Map<Channel, Set<Listener>>(channels.map((channel) => [channel, new Set()]))
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | null = null
  let unanswered = 0
  let isListening = false
  let closed = false
  const checkEpoch = epochCheck()

  const tell = (channel: string, payload: string | null) => {
    for (const listener of listeners.get(channel as Channel) ?? []) listener(payload)
  }
  const tellAll = () => {
    for (const channel of channels) tell(channel, null)
  }
  const lost = (error: Error, at: pg.Client) => {
    if (closed || client !== at) return
    client = null
    if (isListening) onError(error)
    isListening = false
    // Not by a word of farewell, which nobody may be there to take.
    at.connection.stream.destroy()
    retry()
  }
  const retry = () => {
    tellAll()
    timer = setTimeout(start, reconnectMs)
    timer.unref()
  }
  /** Counted, not timed: a process that was held up itself has not been left without an answer. */
  const ping = () => {
    const asked = client
    if (asked === null) return
    if (unanswered >= mostUnanswered) {
      return lost(new Error('the connection that listens does not answer'), asked)
    }
    unanswered += 1
    // One at a time: the driver would keep further ones for later.
    if (unanswered > 1 || !isListening) return
    const answered = () => {
      if (client === asked) unanswered = 0
    }
    asked.query(listen).then(answered, () => {})
  }
  const pinging = setInterval(ping, everyMs)
  pinging.unref()
  const start = () => {
    if (closed) return
    unanswered = 0
    const fresh = new SessionClient(sessionConfig(url, { name: listenerName }))
    client = fresh
    fresh.on('error', (error) => lost(error, fresh))
    fresh.on('end', () => lost(new Error('the connection that listens has ended'), fresh))
    fresh.on('notification', ({ channel, payload }) => {
      if (channel === epochChannel) tellAll()
      else tell(channel, payload ?? '')
    })
    fresh
      .connect()
      .then(() => checkEpoch(fresh))
      .then(() => fresh.query(listen))
      .then(() => {
        isListening = client === fresh
        unanswered = 0
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
      clearInterval(pinging)
      tellAll()
      const last = client
      // A connection that swallows the farewell would be waited for until the network gives it up.
      const impatient = setTimeout(() => last?.connection.stream.destroy(), farewellMs)
      await last?.end().catch(() => {})
      clearTimeout(impatient)
    },
  }
}
