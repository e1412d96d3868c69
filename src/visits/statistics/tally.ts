import { type Chunk, chunkSize, type PartName, partOf } from './chunk.js'
import { type Count, Counts } from './counts.js'
import type { Grouping } from './grouping.js'
import { NumberSet } from './number-set.js'
import type { PeopleSet } from './people-sets.js'
import { isAll, lookAt, partsToSelect, type Selection, wantedPlaces } from './selection.js'

export interface TallyOptions {
  selection: Selection
  series: Grouping | null
  /** No more than two. */
  groupings: Grouping[]
  people: CountedPeople
}

/** Whose visitors and recipients are told apart: of visits that are wanted, of all, which is known without looking, or of none. */
export type CountedPeople = 'wanted' | 'all' | 'none'

/** Everything that is counted for an answer, over the visits that are wanted. */
export class Tally {
  readonly totals: Count = { people: 0, bots: 0 }
  readonly visitors = new NumberSet()
  readonly recipients = new NumberSet()
  readonly people: CountedPeople
  readonly series: Counts | null
  readonly groups: Counts | null
  readonly #selection: Selection

  constructor({ selection, series, groupings: [first, second], people }: TallyOptions) {
    this.#selection = selection
    this.people = people
    this.series = series && new Counts(series)
    this.groups = first === undefined ? null : new Counts(first, second)
  }

  /** Whether all visits of a chunk are wanted. */
  isWhole(chunk: Chunk): boolean {
    const look = lookAt(chunk, this.#selection)
    return look !== null && isAll(look)
  }

  /**
   * What of a chunk must be in memory before it is added; null when it need not be added.
   *
   * @param people 'none': whose visits these are is added with `addPeople`
   */
  partsFor(chunk: Chunk, people: CountedPeople = this.people): PartName[] | null {
    const look = lookAt(chunk, this.#selection)
    if (look === null) return null
    const all = isAll(look)
    return [
      ...partsToSelect(look),
      ...(all ? [] : (['humans'] as const)),
      ...(people === 'wanted' ? (['visitors', 'recipients'] as const) : []),
      ...(this.series?.partsFor(chunk, all) ?? []),
      ...(this.groups?.partsFor(chunk, all) ?? []),
    ]
  }

  addPeople({ visitors, recipients }: PeopleSet): void {
    this.visitors.addSet(visitors)
    this.recipients.addSet(recipients)
  }

  /** @param countedPeople as in `partsFor` */
  add(chunk: Chunk, countedPeople: CountedPeople = this.people): void {
    const look = lookAt(chunk, this.#selection)
    if (look === null) return
    const wanted = isAll(look) ? null : wantedPlaces(chunk, this.#selection, look)
    if (countedPeople === 'wanted') {
      this.visitors.addAll(numbersAt(partOf(chunk, 'visitors'), chunk, wanted))
      this.recipients.addAll(numbersAt(partOf(chunk, 'recipients'), chunk, wanted))
    }
    const people = wanted === null ? chunk.people : peopleAt(chunk, wanted)
    this.totals.people += people
    this.totals.bots += (wanted?.length ?? chunk.length) - people
    this.series?.add(chunk, wanted)
    this.groups?.add(chunk, wanted)
  }
}

const someNumbers = new Uint32Array(chunkSize)

function numbersAt(numbers: Uint32Array, { length }: Chunk, places: Uint16Array | null): Uint32Array {
  if (places === null) return numbers.subarray(0, length)
  for (let nth = 0; nth < places.length; nth++) someNumbers[nth] = numbers[places[nth] ?? 0] ?? 0
  return someNumbers.subarray(0, places.length)
}

function peopleAt(chunk: Chunk, places: Uint16Array): number {
  const humans = partOf(chunk, 'humans')
  let people = 0
  for (let nth = 0; nth < places.length; nth++) people += humans[places[nth] ?? 0] ?? 0
  return people
}
