import type { VisitFilters } from '../filters.js'
import {
  type Chunk,
  type CodeSums,
  type Codes,
  chunkSize,
  everyPlace,
  type PartName,
  partsOfWho,
  sumsByCode,
  type Who,
  whoOf,
} from './chunk.js'
import type { Value } from './facet.js'
import type { Grouping } from './grouping.js'
import type { WantedOfChunk } from './wanted.js'

/** Visits of people and of bots. */
export interface Count {
  people: number
  bots: number
  /** Of the people's, those that are suspected. */
  suspects: number
}

/** One value of every field that was grouped by. */
export interface Group extends Count {
  values: Value[]
}

/** What was left out. */
export interface Rest extends Count {
  groups: number
}

/** People and bots are always counted apart; whose visits are wanted is asked at the end. */
export type Wanted = VisitFilters['bots']

/** Of each key the bots, the people, and those of them who are suspected. */
const cellsOfKey = 3

/** With more keys than this, only those that occur are kept. */
const mostCells = 2 ** 21

/** How far each code of a chunk moves a visit among the cells. */
const firstSteps = new Int32Array(chunkSize)
const secondSteps = new Int32Array(chunkSize)

/** How many visits each key of a grouping has, or each pair of keys of two. */
export class Counts {
  readonly #first: Grouping
  readonly #second: Grouping | null
  /** null where there would be too many keys. */
  #cells: Uint32Array | null
  readonly #sparse = new Map<number, Count>()

  constructor(first: Grouping, second: Grouping | null = null) {
    this.#first = first
    this.#second = second
    const size = first.size * (second?.size ?? 1)
    this.#cells = size > mostCells ? null : new Uint32Array(cellsOfKey * size)
  }

  /** What a chunk must have to be added: `isAll` when all of its visits are wanted. */
  partsFor(chunk: Chunk, isAll: boolean): PartName[] {
    if (this.#second === null && isAll) return this.#first.partsForSums(chunk)
    return [...partsOfWho(chunk), ...this.#first.partsForCodes(chunk), ...(this.#second?.partsForCodes(chunk) ?? [])]
  }

  /** @param wanted null: the whole chunk, of which the sums are known */
  add(chunk: Chunk, wanted: WantedOfChunk | null): void {
    if (this.#second === null) this.#addSums(chunk, wanted)
    else this.#addPairs(chunk, this.#second, wanted?.places ?? everyPlace.subarray(0, chunk.length))
  }

  #addSums(chunk: Chunk, wanted: WantedOfChunk | null): void {
    const keys = this.#first.keysOf(chunk)
    const sums = this.#sumsOf(chunk, wanted, keys.length)
    if (this.#cells !== null) {
      addSums(this.#cellsFor(this.#first.size), keys, sums)
      return
    }
    for (let code = 0; code < keys.length; code++) {
      const all = sums.visits[code] ?? 0
      const humans = sums.people[code] ?? 0
      if (all > 0) this.#addSparse(keys[code] ?? 0, humans, all - humans, sums.suspects[code] ?? 0)
    }
  }

  #sumsOf(chunk: Chunk, wanted: WantedOfChunk | null, codes: number): CodeSums {
    if (wanted === null) return this.#first.sumsOf(chunk)
    const { name } = this.#first
    const known = wanted.sums?.get(name)
    if (known !== undefined) return known
    const sums = sumsByCode(this.#first.codesOf(chunk), codes, whoOf(chunk), wanted.places)
    wanted.sums?.set(name, sums)
    return sums
  }

  #addPairs(chunk: Chunk, second: Grouping, places: Uint16Array): void {
    const who = whoOf(chunk)
    const [codes, secondCodes] = [this.#first.codesOf(chunk), second.codesOf(chunk)]
    const [keys, secondKeys] = [this.#first.keysOf(chunk), second.keysOf(chunk)]
    if (this.#cells === null) {
      for (const at of places) {
        const key = (keys[codes[at] ?? 0] ?? 0) * second.size + (secondKeys[secondCodes[at] ?? 0] ?? 0)
        const isHuman = who.humans[at] ?? 0
        this.#addSparse(key, isHuman, 1 - isHuman, who.suspects?.[at] ?? 0)
      }
      return
    }
    for (let code = 0; code < keys.length; code++) firstSteps[code] = cellsOfKey * second.size * (keys[code] ?? 0)
    for (let code = 0; code < secondKeys.length; code++) secondSteps[code] = cellsOfKey * (secondKeys[code] ?? 0)
    countPairs(this.#cells, places, codes, secondCodes, who)
  }

  /** What occurs, in no order. */
  groups(wanted: Wanted): Group[] {
    const groups: Group[] = []
    this.#each(wanted, (key, count) => groups.push({ values: this.#valuesOf(key), ...count }))
    return groups
  }

  /**
   * The groups with most visits, all that tie with the last of them too, and how much there is beside. Two fields may have hundreds
   * of thousands: to name and sort them all would take longer than to count them.
   */
  most(top: number, wanted: Wanted): { groups: Group[]; rest: Rest } {
    const least = this.#leastOfMost(top, wanted)
    const groups: Group[] = []
    const rest = { groups: 0, people: 0, bots: 0, suspects: 0 }
    this.#each(wanted, (key, count) => {
      if (count.people + count.bots >= least) groups.push({ values: this.#valuesOf(key), ...count })
      else {
        rest.groups += 1
        rest.people += count.people
        rest.bots += count.bots
        rest.suspects += count.suspects
      }
    })
    return { groups, rest }
  }

  /** Visits of the group that is the last of so many. */
  #leastOfMost(top: number, wanted: Wanted): number {
    const most: number[] = []
    this.#each(wanted, (_, { people, bots }) => {
      const visits = people + bots
      if (most.length === top && visits <= (most[0] ?? 0)) return
      const place = most.findIndex((other) => other >= visits)
      most.splice(place < 0 ? most.length : place, 0, visits)
      if (most.length > top) most.shift()
    })
    return most[0] ?? 0
  }

  #each(wanted: Wanted, each: (key: number, count: Count) => void): void {
    const withPeople = wanted === 'only' ? 0 : 1
    const withBots = wanted === 'exclude' ? 0 : 1
    const eachOf = (key: number, bots: number, people: number, suspects: number) => {
      const count = { people: people * withPeople, bots: bots * withBots, suspects: suspects * withPeople }
      if (count.people + count.bots > 0) each(key, count)
    }
    const cells = this.#cells ?? []
    for (let cell = 0; cell < cells.length; cell += cellsOfKey) {
      const [bots, people] = [cells[cell] ?? 0, cells[cell + 1] ?? 0]
      if (bots + people > 0) eachOf(cell / cellsOfKey, bots, people, cells[cell + 2] ?? 0)
    }
    for (const [key, { people, bots, suspects }] of this.#sparse) eachOf(key, bots, people, suspects)
  }

  #valuesOf(key: number): Value[] {
    if (this.#second === null) return this.#first.valuesOf(key)
    const { size } = this.#second
    return [...this.#first.valuesOf(Math.floor(key / size)), ...this.#second.valuesOf(key % size)]
  }

  #addSparse(key: number, people: number, bots: number, suspects: number): void {
    const known = this.#sparse.get(key)
    if (known === undefined) this.#sparse.set(key, { people, bots, suspects })
    else {
      known.people += people
      known.bots += bots
      known.suspects += suspects
    }
  }

  /** A series has as many keys as buckets were met. */
  #cellsFor(size: number): Uint32Array {
    let cells = this.#cells ?? new Uint32Array()
    if (cells.length < cellsOfKey * size) {
      cells = new Uint32Array(Math.max(cellsOfKey * size, 2 * cells.length))
      cells.set(this.#cells ?? [])
      this.#cells = cells
    }
    return cells
  }
}

function addSums(cells: Uint32Array, keys: ArrayLike<number>, { visits, people, suspects }: CodeSums): void {
  for (let code = 0; code < keys.length; code++) {
    const cell = cellsOfKey * (keys[code] ?? 0)
    const humans = people[code] ?? 0
    cells[cell] = (cells[cell] ?? 0) + (visits[code] ?? 0) - humans
    cells[cell + 1] = (cells[cell + 1] ?? 0) + humans
  }
  for (let code = 0; code < suspects.length; code++) {
    const cell = cellsOfKey * (keys[code] ?? 0) + 2
    cells[cell] = (cells[cell] ?? 0) + (suspects[code] ?? 0)
  }
}

function countPairs(
  cells: Uint32Array,
  places: Uint16Array,
  firstCodes: Codes,
  secondCodes: Codes,
  { humans, suspects }: Who,
): void {
  for (let nth = 0; nth < places.length; nth++) {
    const at = places[nth] ?? 0
    const step = (firstSteps[firstCodes[at] ?? 0] ?? 0) + (secondSteps[secondCodes[at] ?? 0] ?? 0)
    const cell = step + (humans[at] ?? 0)
    cells[cell] = (cells[cell] ?? 0) + 1
  }
  if (suspects === null) return
  for (let nth = 0; nth < places.length; nth++) {
    const at = places[nth] ?? 0
    const cell = (firstSteps[firstCodes[at] ?? 0] ?? 0) + (secondSteps[secondCodes[at] ?? 0] ?? 0) + 2
    cells[cell] = (cells[cell] ?? 0) + (suspects[at] ?? 0)
  }
}
