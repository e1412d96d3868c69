const firstMs = 1_000
const longestMs = 8_000

/**
 * Owners whose visits cannot be committed for now, though others' can: somebody keeps the owner's lock. Nobody tries before a while has
 * passed, a longer one each time.
 */
export class StuckOwners {
  readonly #owners = new Map<number, { until: number; delayMs: number }>()

  has(ownerId: number): boolean {
    return performance.now() < (this.#owners.get(ownerId)?.until ?? 0)
  }

  /** Whether the last try failed, however long ago. */
  hasFailed(ownerId: number): boolean {
    return this.#owners.has(ownerId)
  }

  add(ownerId: number): void {
    const before = this.#owners.get(ownerId)
    const delayMs = before === undefined ? firstMs : Math.min(before.delayMs * 2, longestMs)
    this.#owners.set(ownerId, { until: performance.now() + delayMs, delayMs })
  }

  /** @returns whether it was stuck */
  delete(ownerId: number): boolean {
    return this.#owners.delete(ownerId)
  }
}
