/** Whether work was told to give up. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** Pieces of work that may hang: each is told to give up when it takes too long, or all of them at the end. */
export class TimeLimits {
  readonly #running = new Set<AbortController>()

  async run<T>(limitMs: number, work: (giveUp: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), limitMs)
    this.#running.add(controller)
    try {
      return await work(controller.signal)
    } finally {
      clearTimeout(timer)
      this.#running.delete(controller)
    }
  }

  endAll(): void {
    for (const controller of this.#running) controller.abort()
  }
}
