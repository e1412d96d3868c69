/** A number in [0, 1) at each call, the same ones for the same seed (mulberry32). */
export type Random = () => number

export function seededRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An item of the list; the first ones are taken far more often than the last, as with phones and cities. */
export function skewedPick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() ** 2.5 * items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}
