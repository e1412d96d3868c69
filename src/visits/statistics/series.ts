import type { ZoneClock } from '../../http/zone-clock.js'
import type { Calendar } from './calendar.js'
import type { Group } from './counts.js'
import { type ShownCount, shownCount } from './groups.js'

export interface Bucket extends ShownCount {
  start: string
}

/**
 * Buckets of a series in order, those without visits too.
 *
 * @param counted buckets that have visits, by number
 * @param from the first and the last moment that was asked for; null: those of the visits
 * @returns null when there would be too many
 */
export function shownSeries(
  counted: Group[],
  calendar: Calendar,
  clock: ZoneClock,
  from: number | null,
  to: number | null,
): Bucket[] | null {
  if (counted.length === 0 && (from === null || to === null)) return []
  const counts = new Map(counted.map((group) => [Number(group.values[0]), group]))
  const numbers = [...counts.keys()].sort((a, b) => a - b)
  const first = from ?? calendar.startOf(numbers[0] ?? 0)
  const last = to ?? Math.max(first, calendar.startOf(numbers.at(-1) ?? 0))
  if (last < first) return []
  const buckets = calendar.buckets(first, last)
  if (buckets === null) return null
  return buckets.map((number) => {
    const start = calendar.startOf(number)
    const count = counts.get(number) ?? { people: 0, bots: 0, suspects: 0 }
    return { start: localTime(start, clock), ...shownCount(count) }
  })
}

/** ISO 8601 with the offset of the clocks: `2026-11-01T00:00:00+01:00`. */
function localTime(time: number, clock: ZoneClock): string {
  const { offset } = clock.pieceAt(time)
  return new Date(time + offset).toISOString().slice(0, 19) + shownOffset(offset)
}

function shownOffset(offset: number): string {
  if (offset === 0) return '+00:00'
  const minutes = Math.abs(Math.trunc(offset / 60_000))
  return `${offset < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`
}

const digits = (number: number) => String(number).padStart(2, '0')
