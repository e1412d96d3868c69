import type { ZoneClock } from '../../http/zone-clock.js'
import type { Interval } from './dimensions.js'

/** Most buckets of a series. */
export const mostBuckets = 2000

/**
 * Buckets of a series: hours, days, weeks or months as clocks and calendars of a zone have them.
 *
 * Each bucket has a number; numbers grow with time. A day, week or month is all the time that has its date: a day has 23 or 25
 * hours where clocks are changed, and begins with the first moment there is. An hour is all that shows the same hour by the same
 * clocks: one that is there twice is two, one that a change cuts is short. Its number is its start.
 */
export class Calendar {
  readonly #clock: ZoneClock
  readonly interval: Interval

  constructor(clock: ZoneClock, interval: Interval) {
    this.#clock = clock
    this.interval = interval
  }

  /** Number of the bucket that has this time. */
  bucketOf(time: number): number {
    const { start, offset } = this.#clock.pieceAt(time)
    if (this.interval === 'hour') return Math.max(Math.floor((time + offset) / hourMs) * hourMs - offset, start)
    return this.#unitOf(Math.floor((time + offset) / dayMs))
  }

  /** Numbers of all buckets from that of one time to that of another, empty ones too; null when there are too many. */
  buckets(from: number, to: number): number[] | null {
    if ((to - from) / longestMs[this.interval] > mostBuckets) return null
    return this.interval === 'hour' ? this.#hours(from, to) : this.#units(from, to)
  }

  /** When a bucket begins. */
  startOf(bucket: number): number {
    if (this.interval === 'hour') return bucket
    const midnight = this.#firstDayOf(bucket) * dayMs
    const { start, end, offset } = this.#clock.pieceAt(midnight)
    if (start <= midnight - 2 * dayMs && midnight + 2 * dayMs < end) return midnight - offset
    const around = this.#clock.pieces(midnight - 2 * dayMs, midnight + 2 * dayMs)
    // Its midnight, or where clocks leave that out, what comes after.
    const found = around.find(({ end, offset }) => midnight - offset < end)
    return found === undefined ? midnight : Math.max(found.start, midnight - found.offset)
  }

  #hours(from: number, to: number): number[] | null {
    const hours: number[] = []
    for (let hour = this.bucketOf(from); hour <= to; hour = this.#hourAfter(hour)) {
      if (hours.length === mostBuckets) return null
      hours.push(hour)
    }
    return hours
  }

  #hourAfter(hour: number): number {
    const { end, offset } = this.#clock.pieceAt(hour)
    const next = Math.floor((hour + offset) / hourMs) * hourMs + hourMs - offset
    return end < next && this.#clock.pieceAt(end).offset !== offset ? end : next
  }

  #units(from: number, to: number): number[] | null {
    // Where clocks go back over midnight a date comes again, so that neither end need have the lowest or the highest.
    const ends = this.#clock
      .pieces(from, to)
      .flatMap(({ start, end }) => [Math.max(start, from), Math.min(end - 1, to)])
      .map((time) => this.bucketOf(time))
    const [first, last] = [Math.min(...ends), Math.max(...ends)]
    if (last - first >= mostBuckets) return null
    const units = Array.from({ length: last - first + 1 }, (_, at) => first + at)
    // A day that was left out, when a zone changed sides of the date line, is none.
    return units.filter((unit) => this.bucketOf(this.startOf(unit)) === unit)
  }

  #unitOf(day: number): number {
    if (this.interval === 'day') return day
    if (this.interval === 'week') return Math.floor((day + daysSinceMonday) / 7)
    const date = new Date(day * dayMs)
    return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
  }

  #firstDayOf(unit: number): number {
    if (this.interval === 'day') return unit
    return this.interval === 'week' ? unit * 7 - daysSinceMonday : Date.UTC(1970, unit) / dayMs
  }
}

const hourMs = 3_600_000
const dayMs = 86_400_000
/** 1970 began on a Thursday. */
const daysSinceMonday = 3
/** No bucket is longer: a first look at how many there would be. */
const longestMs: Record<Interval, number> = { hour: hourMs, day: 2 * dayMs, week: 8 * dayMs, month: 32 * dayMs }
