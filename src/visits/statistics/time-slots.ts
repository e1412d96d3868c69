import { LRUCache } from 'lru-cache'
import type { ZoneClock } from '../../http/zone-clock.js'
import type { Calendar } from './calendar.js'
import { type Chunk, type CodeSums, chunkSize, everyPlace, partOf, quarterMs, sumsByCode, whoOf } from './chunk.js'

/** Instead of a code: visits of this run may have different ones. Codes of a chunk are fewer, as there is one for each visit at most. */
const uneven = 0xffff

/** What each run of a chunk has: codes of slots. */
interface RunCodes {
  /** Of the runs that have one code. */
  slots: number[]
  ofRuns: Uint16Array
  isUneven: boolean
  /** With those of the other runs' visits; undefined before these were looked at. */
  everySlot: number[] | undefined
}

/** Codes stand for slots. */
interface SlotSums extends CodeSums {
  slots: number[]
}

/** What is known of chunks, which have not grown since if they have the same length. */
type Known<T> = WeakMap<Chunk, { length: number; value: T }>

/** Hours of the week, days or other stretches of time, by the clocks of a zone; each has a number. */
export class TimeSlots {
  readonly name: string
  readonly slotAt: (time: number) => number
  readonly #clock: ZoneClock
  readonly #runs: Known<RunCodes>
  readonly #sums: Known<SlotSums>

  /** @param name of the zone and the kind of slots: what was found for one name is kept */
  constructor(name: string, clock: ZoneClock, slotAt: (time: number) => number) {
    const known = kept.get(name) ?? { runs: new WeakMap(), sums: new WeakMap() }
    kept.set(name, known)
    this.name = name
    this.#runs = known.runs
    this.#sums = known.sums
    this.#clock = clock
    this.slotAt = slotAt
  }

  /** Whether `codesOf` needs times of a chunk. */
  needsTimes(chunk: Chunk): boolean {
    return this.#codesOfRuns(chunk).isUneven
  }

  /** Whether `sumsOf` needs times and humans of a chunk. */
  needsVisits(chunk: Chunk): boolean {
    return this.#sums.get(chunk)?.length !== chunk.length && this.needsTimes(chunk)
  }

  /** The slot that each code of a chunk stands for. */
  slotsOf(chunk: Chunk): number[] {
    const { slots, isUneven, everySlot } = this.#codesOfRuns(chunk)
    return isUneven ? (everySlot ?? this.codesOf(chunk).slots) : slots
  }

  /** What is returned is overwritten by the next call, of any slots. */
  codesOf(chunk: Chunk): { slots: number[]; codes: Uint16Array } {
    const { runs } = chunk
    const known = this.#codesOfRuns(chunk)
    const { slots, ofRuns, isUneven } = known
    const numbering = isUneven ? new SlotNumbering(slots) : null
    for (let run = 0, at = 0; run < runs.length; run++) {
      const end = runs.ends[run] ?? 0
      const code = ofRuns[run] ?? uneven
      if (code !== uneven) for (; at < end; at++) codesOfVisits[at] = code
      else if (numbering !== null) {
        const times = partOf(chunk, 'times')
        for (; at < end; at++) codesOfVisits[at] = numbering.codeOf(this.slotAt(times[at] ?? 0))
      }
    }
    known.everySlot = numbering?.slots
    return { slots: numbering?.slots ?? slots, codes: codesOfVisits.subarray(0, chunk.length) }
  }

  sumsOf(chunk: Chunk): SlotSums {
    return knownOr(this.#sums, chunk, () => this.#sumUp(chunk))
  }

  #codesOfRuns(chunk: Chunk): RunCodes {
    return knownOr(this.#runs, chunk, () => {
      const { runs } = chunk
      const numbering = new SlotNumbering()
      const ofRuns = new Uint16Array(runs.length)
      for (let run = 0; run < runs.length; run++) {
        const start = (runs.quarters[run] ?? 0) * quarterMs
        ofRuns[run] = this.#isEven(start) ? numbering.codeOf(this.slotAt(start)) : uneven
      }
      return { slots: numbering.slots, ofRuns, isUneven: ofRuns.includes(uneven), everySlot: undefined }
    })
  }

  #sumUp(chunk: Chunk): SlotSums {
    const { runs, length } = chunk
    if (this.needsTimes(chunk)) {
      const { slots, codes } = this.codesOf(chunk)
      return { slots, ...sumsByCode(codes, slots.length, whoOf(chunk), everyPlace.subarray(0, length)) }
    }
    const { slots, ofRuns } = this.#codesOfRuns(chunk)
    const suspects = new Uint16Array(chunk.suspects > 0 ? slots.length : 0)
    const sums = { slots, visits: new Uint16Array(slots.length), people: new Uint16Array(slots.length), suspects }
    for (let run = 0, at = 0; run < runs.length; run++) {
      const code = ofRuns[run] ?? 0
      const end = runs.ends[run] ?? 0
      sums.visits[code] = (sums.visits[code] ?? 0) + end - at
      sums.people[code] = (sums.people[code] ?? 0) + (runs.people[run] ?? 0)
      if (suspects.length > 0) suspects[code] = (suspects[code] ?? 0) + (runs.suspects[run] ?? 0)
      at = end
    }
    return sums
  }

  /** All visits of a quarter of an hour have the same slot, but for one in which clocks are changed, or are minutes off. */
  #isEven(start: number): boolean {
    const { end, offset } = this.#clock.pieceAt(start)
    return end >= start + quarterMs && offset % quarterMs === 0
  }
}

const codesOfVisits = new Uint16Array(chunkSize)

/** Gives codes to slots, in the order in which they are met. */
class SlotNumbering {
  readonly slots: number[]
  readonly #codes: Map<number, number>

  constructor(slots: number[] = []) {
    this.slots = [...slots]
    this.#codes = new Map(slots.map((slot, code) => [slot, code]))
  }

  codeOf(slot: number): number {
    const known = this.#codes.get(slot)
    if (known !== undefined) return known
    this.#codes.set(slot, this.slots.length)
    return this.slots.push(slot) - 1
  }
}

/** Monday from 0 to 1 is 0. */
export function hoursOfWeek(clock: ZoneClock): TimeSlots {
  return new TimeSlots(`${clock.zone} hour of the week`, clock, (time) => {
    const hour = Math.floor((time + clock.pieceAt(time).offset) / hourMs)
    return (((hour + 3 * 24) % weekHours) + weekHours) % weekHours
  })
}

/** Buckets of a calendar. */
export function bucketsOf(clock: ZoneClock, calendar: Calendar): TimeSlots {
  return new TimeSlots(`${clock.zone} ${calendar.interval}`, clock, (time) => calendar.bucketOf(time))
}

/** Most questions come in a few zones. Chunks that are not in memory any more leave by themselves. */
const kept = new LRUCache<string, { runs: Known<RunCodes>; sums: Known<SlotSums> }>({ max: 24 })

function knownOr<T>(known: Known<T>, chunk: Chunk, find: () => T): T {
  const found = known.get(chunk)
  if (found?.length === chunk.length) return found.value
  const value = find()
  known.set(chunk, { length: chunk.length, value })
  return value
}

const hourMs = 3_600_000
const weekHours = 168
