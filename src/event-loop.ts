/** Long work without a block: who waits for an answer is served in between. */
import { setImmediate as othersFirst } from 'node:timers/promises'

/** For how long work goes on at a stretch: so long others wait for it. */
const stretchMs = 5

/**
 * To be asked between small pieces of work.
 *
 * @returns what is to be awaited when the stretch is over; undefined while it is not
 */
export type Rest = () => Promise<void> | undefined

export function inStretches(): Rest {
  let since = performance.now()
  return () => {
    if (performance.now() - since < stretchMs) return undefined
    return othersFirst().then(() => {
      since = performance.now()
    })
  }
}

/**
 * `items.map`, in stretches.
 *
 * @param atOnce how many items are done before the clock is looked at
 */
export async function mapInStretches<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Result,
  atOnce = 4,
): Promise<Result[]> {
  const rest = inStretches()
  const results: Result[] = []
  for (let at = 0; at < items.length; at++) {
    results.push(map(items[at] as Item, at))
    const others = at % atOnce === atOnce - 1 ? rest() : undefined
    if (others !== undefined) await others
  }
  return results
}
