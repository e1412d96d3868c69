import { LRUCache } from 'lru-cache'
import type { Calendar } from './calendar.js'
import { type Chunk, partOf, quarterMs } from './chunk.js'
import type { ZoneClock } from './zone-clock.js'

/** Instead of a slot: visits of this run may have different ones. */
export const uneven = Infinity

/** Slots of a chunk's runs. */
interface RunSlots {
  ofRuns: ArrayLike<number>
  isUneven: boolean
}

/** How many visits of a chunk have each slot that occurs. */
interface SlotSums {
  slots: number[]
  people: number[]
  bots: number[]
}

/** What is known of chunks, which have not grown since if they have the same length. */
type Known<T> = WeakMap<Chunk, { length: number; value: T }>

/** Hours of the week, days or other stretches of time, by the clocks of a zone; each has a number. */
export class TimeSlots {
  readonly slotAt: (time: number) => number
  readonly #clock: ZoneClock
  readonly #runs: Known<RunSlots>
  readonly #sums: Known<SlotSums>

  /** @param name of the zone and the kind of slots: what was found for one name is kept */
  constructor(name: string, clock: ZoneClock, slotAt: (time: number) => number) {
    const known = kept.get(name) ?? { runs: new WeakMap(), sums: new WeakMap() }
    kept.set(name, known)
    this.#runs = known.runs
    this.#sums = known.sums
    this.#clock = clock
    this.slotAt = slotAt
  }

  slotsOf(chunk: Chunk): RunSlots {
    return knownOr(this.#runs, chunk, () => this.#findSlots(chunk))
  }

  /** Whether `sumsOf` needs times and humans of a chunk. */
  needsVisits(chunk: Chunk): boolean {
    if (this.#sums.get(chunk)?.length === chunk.length) return false
    const { runs } = chunk
    for (let run = 0; run < runs.length; run++) if (!this.#isEven((runs.quarters[run] ?? 0) * quarterMs)) return true
    return false
  }

  sumsOf(chunk: Chunk): SlotSums {
    return knownOr(this.#sums, chunk, () => this.#sumUp(chunk))
  }

  #findSlots({ runs }: Chunk): RunSlots {
    // Hours are numbered by the time at which they begin.
    const ofRuns = new Float64Array(runs.length)
    let isUneven = false
    for (let run = 0; run < runs.length; run++) {
      const start = (runs.quarters[run] ?? 0) * quarterMs
      const isEven = this.#isEven(start)
      ofRuns[run] = isEven ? this.slotAt(start) : uneven
      isUneven ||= !isEven
    }
    return { ofRuns, isUneven }
  }

  #sumUp(chunk: Chunk): SlotSums {
    const { runs } = chunk
    const { ofRuns } = this.#findSlots(chunk)
    const places = new Map<number, number>()
    const sums: SlotSums = { slots: [], people: [], bots: [] }
    const add = (slot: number, people: number, bots: number) => {
      const place = places.get(slot) ?? sums.slots.push(slot) - 1
      places.set(slot, place)
      sums.people[place] = (sums.people[place] ?? 0) + people
      sums.bots[place] = (sums.bots[place] ?? 0) + bots
    }
    for (let run = 0, at = 0; run < runs.length; run++) {
      const end = runs.ends[run] ?? 0
      const people = runs.people[run] ?? 0
      const slot = ofRuns[run] ?? uneven
      if (slot !== uneven) add(slot, people, end - at - people)
      else {
        const [times, humans] = [partOf(chunk, 'times'), partOf(chunk, 'humans')]
        for (let one = at; one < end; one++) add(this.slotAt(times[one] ?? 0), humans[one] ?? 0, 1 - (humans[one] ?? 0))
      }
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
const kept = new LRUCache<string, { runs: Known<RunSlots>; sums: Known<SlotSums> }>({ max: 24 })

function knownOr<T>(known: Known<T>, chunk: Chunk, find: () => T): T {
  const found = known.get(chunk)
  if (found?.length === chunk.length) return found.value
  const value = find()
  known.set(chunk, { length: chunk.length, value })
  return value
}

const hourMs = 3_600_000
const weekHours = 168
