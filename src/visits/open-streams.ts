import { HttpError, tooManyRequests } from '../http/errors.js'

/** How many streams, or other answers that go on for long, each account has open at this process. */
export class OpenStreams {
  readonly #counts = new Map<number, number>()
  /** Of all accounts. */
  number = 0

  /**
   * @param limit 0: any number
   * @param name what they are called
   */
  constructor(
    readonly limit: number,
    readonly name = 'streams',
  ) {}

  /**
   * Counts one more.
   *
   * @returns to be called once when it is closed
   * @throws HttpError 429
   */
  open(ownerId: number): () => void {
    const count = this.#counts.get(ownerId) ?? 0
    if (this.limit > 0 && count >= this.limit) throw tooMany(this.name, this.limit)
    this.#counts.set(ownerId, count + 1)
    this.number += 1
    return () => {
      this.number -= 1
      const left = (this.#counts.get(ownerId) ?? 1) - 1
      if (left === 0) this.#counts.delete(ownerId)
      else this.#counts.set(ownerId, left)
    }
  }
}

const waitMs = 10_000

const tooMany = (name: string, limit: number) =>
  new HttpError(429, `Too many ${name} of the account are open.`, tooManyRequests(limit, waitMs).extra)
