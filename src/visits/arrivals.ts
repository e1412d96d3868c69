import type { Notifications } from '../database/notifications.js'
import type { FeedSource } from './feed.js'

/** Waiting for new visits without asking again and again. */
export interface Arrivals {
  /**
   * Calls `look` at once and after each word of new visits, until it returns true, the time is over, or the waiting is
   * called off. A word said while `look` runs counts.
   */
  until(source: FeedSource, waitMs: number, calledOff: AbortSignal, look: () => Promise<boolean>): Promise<void>
  /** Ends all waiting: the server stops. */
  close(): void
}

export function watchArrivals(notifications: Notifications): Arrivals {
  const closing = new AbortController()
  return {
    async until(source, waitMs, calledOff, look) {
      if (await look()) return
      const over = AbortSignal.any([closing.signal, calledOff, AbortSignal.timeout(waitMs)])
      const word = new Word(over)
      const stop = notifications.subscribe('visits', (payload) => {
        if (payload === null || concerns(payload, source)) word.say()
      })
      try {
        // Between the first look and the subscription something may have come.
        do {
          word.forget()
          if (await look()) return
        } while (await word.heard())
      } finally {
        stop()
      }
    },
    close: () => closing.abort(),
  }
}

/** One word at a time: said before or after somebody listens, it is heard once. */
class Word {
  #said = false
  #wake: (heard: boolean) => void = () => {}
  readonly #over: AbortSignal

  constructor(over: AbortSignal) {
    this.#over = over
    over.addEventListener('abort', () => this.#wake(false), { once: true })
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
    if (this.#over.aborted) return false
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
