import { AsyncLocalStorage } from 'node:async_hooks'

interface Asking<Key, Answer> {
  key: Key
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}

export interface SharedReadsOptions<Key, Answer> {
  /** Answers all keys with one statement, in their order. */
  read: (keys: Key[]) => Promise<Answer[]>
  /** Most keys of a statement. */
  most: number
  /**
   * Most statements at a time. With one, most is shared and least is spent; more are for reads that take long enough for
   * PostgreSQL and this process to wait for each other.
   */
  mostInFlight: number
  /** How long a statement may take. On a connection whose other end is gone it never ends, and nobody could read any more. */
  limitMs?: number
}

/**
 * Reads for all requests of a moment together: who asks while reads are in flight shares the next one. What a statement
 * costs by itself, on both sides, is then paid once for all of them, and an idle server waits for nobody.
 *
 * Each read starts after everyone who shares it has asked, so nobody sees an older state than a read of their own would.
 */
export class SharedReads<Key, Answer> {
  readonly #options: SharedReadsOptions<Key, Answer>
  #asking: Asking<Key, Answer>[] = []
  /** Runs what it is given as a part of what the first of those who wait is part of: its statement is in that one's trace. */
  #asFirst = AsyncLocalStorage.snapshot()
  #inFlight = 0

  constructor(options: SharedReadsOptions<Key, Answer>) {
    this.#options = options
  }

  find(key: Key): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#asking.push({ key, resolve, reject })
      if (this.#inFlight < this.#options.mostInFlight) this.#start()
      else if (this.#asking.length === 1) this.#asFirst = AsyncLocalStorage.snapshot()
    })
  }

  #start(): void {
    if (this.#asking.length === 0) return
    this.#inFlight += 1
    void this.#answer(this.#asking.splice(0, this.#options.most))
  }

  async #answer(asking: Asking<Key, Answer>[]): Promise<void> {
    const { read, limitMs = 30_000 } = this.#options
    try {
      const answers = await inTime(read(asking.map(({ key }) => key)), limitMs)
      for (const [index, { resolve }] of asking.entries()) resolve(answers[index] as Answer)
    } catch (error) {
      for (const { reject } of asking) reject(error)
    }
    this.#inFlight -= 1
    this.#asFirst(() => this.#start())
  }
}

/** @throws an error that says that the database is away */
async function inTime<T>(reading: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Connection terminated: no answer in time')), limitMs)
  })
  return Promise.race([reading, late]).finally(() => clearTimeout(timer))
}
