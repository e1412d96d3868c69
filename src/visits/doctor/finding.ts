/** Something about the log that is not as it should be. */
export interface Finding {
  /** Such as `link 21 of owner 26`. */
  where: string
  problem: string
  /** Counters follow from rows. What rows themselves lack does not follow from anything. */
  isRepairable: boolean
}

/** Counters of one row, by column. */
export type Counters = Record<string, number | string | boolean | Date | null>

/** Which counters of a row differ from what they should be; nothing when none does. */
export function counterFinding<T extends Counters>(where: string, found: T, expected: T): Finding[] {
  const differences = Object.keys(expected).flatMap((column) => {
    const [is, should] = [found[column], expected[column]].map((value) => plain(value ?? null))
    return is === should ? [] : `${column} is ${is}, the rows say ${should}`
  })
  return differences.length === 0 ? [] : [{ where, problem: differences.join('; '), isRepairable: true }]
}

function plain(value: Counters[string]): string {
  return value instanceof Date ? value.toISOString() : String(value)
}
