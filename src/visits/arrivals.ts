import { setMaxListeners } from 'node:events'
import type { Notifications } from '../database/notifications.js'
import type { FeedSource } from './feed.js'

/** Waiting for new visits without asking again and again. */
export interface Arrivals {
  /**
   * Calls `look` at once and after each word of new visits, or of a token that was revoked, until it returns true, the time is over,
   * or the waiting is called off. A word said while `look` runs counts.
   */
  until(source: FeedSource, waitMs: number, calledOff: AbortSignal, look: () => Promise<boolean>): Promise<void>
  /** How many wait right now. */
  waiting(): number
  /** Ends all waiting: the server stops. */
  close(): void
  /** Aborted by that. */
  readonly closing: AbortSignal
}

export function watchArrivals(notifications: Notifications): Arrivals {
  const closing = new AbortController()
  // Everything that waits hears it.
  setMaxListeners(0, closing.signal)
  let waiting = 0
  return {
    async until(source, waitMs, calledOff, look) {
      if (await look()) return
      const word = new Word()
      const over = () => word.end()
      // No AbortSignal.any: what it leaves behind at a signal that lives on is never given back.
      const signals = [closing.signal, calledOff]
      for (const signal of signals) signal.addEventListener('abort', over)
      if (signals.some(({ aborted }) => aborted)) over()
      const timer = setTimeout(over, waitMs)
      const stops = [
        notifications.subscribe('visits', (payload) => {
          if (payload === null || concerns(payload, source)) word.say()
        }),
        notifications.subscribe('access_tokens', () => word.say()),
      ]
      waiting += 1
      try {
        // Between the first look and the subscription something may have come.
        do {
          word.forget()
          if (await look()) return
        } while (await word.heard())
      } finally {
        waiting -= 1
        for (const stop of stops) stop()
        clearTimeout(timer)
        for (const signal of signals) signal.removeEventListener('abort', over)
      }
    },
    waiting: () => waiting,
    close: () => closing.abort(),
    closing: closing.signal,
  }
}

/** One word at a time: said before or after somebody listens, it is heard once. */
class Word {
  #said = false
  #isOver = false
  #wake: (heard: boolean) => void = () => {}

  /** Nobody listens any more. */
  end(): void {
    this.#isOver = true
    this.#wake(false)
  }

  say(): void {
    this.#said = true
    this.#wake(true)
  }

  forget(): void {
    this.#said = false
  }

  /** False when the waiting is over. */
  async heard(): Promise<boolean> {
    if (this.#isOver) return false
    if (this.#said) return true
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** A payload is `owner:link,link,…`, cut after some links, of a batch of one owner. */
function concerns(payload: string, { ownerId, linkId }: FeedSource): boolean {
  const [owner, links = ''] = payload.split(':')
  if (owner !== String(ownerId)) return false
  const named = links.split(',')
  return linkId === null || named.length >= mostLinksNamed || named.includes(String(linkId))
}

/** As many links as a batch names in its word (append.ts); more than these may have changed. */
const mostLinksNamed = 100
