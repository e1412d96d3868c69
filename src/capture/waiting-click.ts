import type { NewVisit } from '../visits/visit.js'

/** A visit that could be neither committed nor spooled. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}

type Attempt = 'commit' | 'spool'

/** A visit on its way into the log: safe as soon as one of two ways has worked, lost only when both have failed. */
export class WaitingClick {
  readonly ownerId: number
  readonly visit: NewVisit
  /** Only the log may say whether it counts: it goes to the spool while the log is away, and never because it is slow. */
  readonly isLimited: boolean
  /** False when it was turned away. */
  readonly settled: Promise<boolean>
  isSettled = false
  /** Whether it has been handed to the spool. */
  isSpooling = false
  /** Commits of it that have failed. */
  attempts = 0
  #resolve: (isTaken: boolean) => void = () => {}
  #reject: (error: Error) => void = () => {}
  readonly #failures = new Map<Attempt, unknown>()
  #timer: NodeJS.Timeout | undefined

  constructor(ownerId: number, visit: NewVisit, isLimited: boolean) {
    this.ownerId = ownerId
    this.visit = visit
    this.isLimited = isLimited
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Calls back unless the visit is safe by then. */
  after(waitMs: number, callback: () => void): void {
    this.#timer = setTimeout(callback, waitMs)
  }

  safe(): void {
    this.#settle()
    this.#resolve(true)
  }

  /** Its link takes no more visits. Handed to the spool before that was known, it counts, unless the spool does not take it. */
  turnAway(): void {
    if (this.isSpooling) {
      this.failed('commit', new Error('its link takes no more visits'))
      return
    }
    this.#settle()
    this.#resolve(false)
  }

  failed(attempt: Attempt, error: unknown): void {
    this.#failures.set(attempt, error)
    if (this.#failures.size === 2) this.refuse('the visit can be neither committed nor spooled', error)
  }

  /** Ends it without success. */
  refuse(reason: string, cause: unknown): void {
    this.#settle()
    this.#reject(new RecordError(reason, { cause }))
  }

  #settle(): void {
    this.isSettled = true
    clearTimeout(this.#timer)
  }
}
