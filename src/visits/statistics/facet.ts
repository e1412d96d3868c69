/** A value of a field; null where it is not known. */
export type Value = string | number | null

/** Combinations of values that visits have, numbered in the order in which they are met, for fields that come together. */
export class Facet {
  readonly #numbers = new Map<string, number>()
  readonly entries: Value[][] = []

  /** The number of a combination. */
  numberOf(values: Value[]): number {
    const key = JSON.stringify(values)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.entries.length)
    return this.entries.push(values) - 1
  }
}
