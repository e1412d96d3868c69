import type { NewVisit } from '../visits/visit.js'

/** A visit that could be stored neither in the database nor in the spool. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}

type Way = 'database' | 'spool'

/** A visit on its way into the log: safe as soon as one of two ways has worked, lost only when both have failed. */
export class WaitingClick {
  readonly ownerId: number
  readonly visit: NewVisit
  readonly settled: Promise<void>
  isSettled = false
  /** Whether it has been handed to the spool. */
  isSpooling = false
  #resolve: () => void = () => {}
  #reject: (error: Error) => void = () => {}
  readonly #failures = new Map<Way, unknown>()
  #timer: NodeJS.Timeout | undefined

  constructor(ownerId: number, visit: NewVisit) {
    this.ownerId = ownerId
    this.visit = visit
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
    this.#resolve()
  }

  failed(way: Way, error: unknown): void {
    this.#failures.set(way, error)
    if (this.#failures.size === 2) this.refuse('neither the database nor the spool takes visits', error)
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
