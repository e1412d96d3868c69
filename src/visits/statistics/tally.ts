import { type Chunk, chunkSize, type PartName, partOf, partsOfWho } from './chunk.js'
import { type Count, Counts } from './counts.js'
import type { Grouping } from './grouping.js'
import { PeopleSet, type PeopleSets } from './people-sets.js'
import type { Remembered } from './remembered.js'
import { isAll, type Look, lookAt, partsToSelect, type Seen, type Selection } from './selection.js'
import { type WantedOfChunk, wantedOf } from './wanted.js'

export interface TallyOptions {
  selection: Selection
  /** What is remembered under its filter. */
  remembered: Remembered
  /** Nobody yet; those who are behind the visits that are wanted, where these are looked at. */
  seen: PeopleSet
  series: Grouping | null
  /** No more than two. */
  groupings: Grouping[]
  people: CountedPeople
}

/** Whose visitors and recipients are told apart: of visits that are wanted, of all, which is known without looking, or of none. */
export type CountedPeople = 'wanted' | 'all' | 'none'

/** Everything that is counted for an answer, over the visits that are wanted. */
export class Tally {
  readonly totals: Count = { people: 0, bots: 0, suspects: 0 }
  readonly seen: PeopleSet
  readonly people: CountedPeople
  readonly series: Counts | null
  readonly groups: Counts | null
  readonly #selection: Selection
  readonly #remembered: Remembered

  constructor({ selection, remembered, seen, series, groupings: [first, second], people }: TallyOptions) {
    this.#selection = selection
    this.#remembered = remembered
    this.seen = seen
    this.people = people
    this.series = series && new Counts(series)
    this.groups = first === undefined ? null : new Counts(first, second)
  }

  /** How the visits of a chunk that are wanted can be told apart; null when there can be none. */
  lookAt(chunk: Chunk): Look | null {
    return lookAt(chunk, this.#selection)
  }

  /**
   * What of a chunk must be in memory before it is added.
   *
   * @param people 'none': whose visits these are is added to `seen` by others
   */
  partsFor(chunk: Chunk, look: Look, people: CountedPeople): PartName[] {
    const all = isAll(look)
    return [
      ...partsToSelect(look),
      ...(all ? [] : partsOfWho(chunk)),
      ...(people === 'wanted' ? (['visitors', 'recipients'] as const) : []),
      ...(this.series?.partsFor(chunk, all) ?? []),
      ...(this.groups?.partsFor(chunk, all) ?? []),
    ]
  }

  /** What is remembered of people under the same filter. */
  get sets(): PeopleSets {
    return this.#remembered.people
  }

  /** People of chunks of which all is wanted that the filter leaves. */
  peopleOf(seen: Seen[]): PeopleSet {
    const set = new PeopleSet()
    for (const { chunk, look } of seen) addNumbers(set, chunk, this.#wantedOf(chunk, look)?.places ?? null)
    return set
  }

  /** @param countedPeople as in `partsFor` */
  add(chunk: Chunk, look: Look, countedPeople: CountedPeople): void {
    const wanted = this.#wantedOf(chunk, look)
    const places = wanted?.places ?? null
    if (countedPeople === 'wanted') addNumbers(this.seen, chunk, places)
    const { people, suspects } = wanted ?? chunk
    this.totals.people += people
    this.totals.suspects += suspects
    this.totals.bots += (places ?? chunk).length - people
    this.series?.add(chunk, wanted)
    this.groups?.add(chunk, wanted)
  }

  /** null: all of it. */
  #wantedOf(chunk: Chunk, look: Look): WantedOfChunk | null {
    return isAll(look) ? null : wantedOf(chunk, this.#selection, look, this.#remembered.chunks)
  }
}

function addNumbers({ visitors, recipients }: PeopleSet, chunk: Chunk, places: Uint16Array | null): void {
  visitors.addAll(numbersAt(partOf(chunk, 'visitors'), chunk, places))
  recipients.addAll(numbersAt(partOf(chunk, 'recipients'), chunk, places))
}

const someNumbers = new Uint32Array(chunkSize)

function numbersAt(numbers: Uint32Array, { length }: Chunk, places: Uint16Array | null): Uint32Array {
  if (places === null) return numbers.subarray(0, length)
  for (let nth = 0; nth < places.length; nth++) someNumbers[nth] = numbers[places[nth] ?? 0] ?? 0
  return someNumbers.subarray(0, places.length)
}
