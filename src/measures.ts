/** What a part keeps of its own work, for monitoring/ to read: plain numbers, so that keeping them costs next to nothing. */

/** How often a value lay in which range. */
export class Distribution {
  /** Of each range; the last one is what lies beyond all bounds. */
  readonly counts: number[]
  sum = 0

  /** @param bounds upper ends of the ranges, each part of its range, smallest first */
  constructor(readonly bounds: readonly number[]) {
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(value: number): void {
    let at = 0
    // Beyond the last bound, the comparison with undefined is false.
    while (value > (this.bounds[at] as number)) at += 1
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += value
  }
}

/** From what memory answers to what long polling takes, in seconds. */
export const secondsBounds = [
  ...[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
]

/** How often something was in memory, and how often not: since the start, as plain numbers. */
export class CacheCounts {
  hits = 0
  misses = 0
}
