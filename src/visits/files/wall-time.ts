/** Reads a wire time (docs/api-contract.md section 2): the counterpart of what pages show, `Y-m-d H:i:s` in the output zone. */
import { parseInstant } from '../../http/dates.js'
import { formatTime } from '../../http/time.js'
import { zoneOffsetMs } from '../../http/zone-clock.js'

const dayMs = 86_400_000

/** With the fraction and the offset that a column of PostgreSQL adds. */
const shape = /^([1-9]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([+-]\d\d(?::?\d\d(?::\d\d)?)?)?$/

/**
 * The instant at which clocks in `zone` show `text`; the earlier one when they show it twice. A text with an offset is in that
 * offset instead.
 *
 * @returns null when `text` is no such time, no day of the calendar, or in the hour that a zone's clocks skip
 */
export function instantOf(text: string, zone: string): Date | null {
  const [, time, fraction = '0', offset] = shape.exec(text) ?? []
  if (time === undefined) return null
  if (offset !== undefined) return parseInstant(text, zone)
  const instant = wallInstant(time, zone)
  return instant && new Date(instant.getTime() + Number(fraction.padEnd(3, '0').slice(0, 3)))
}

function wallInstant(text: string, zone: string): Date | null {
  const wall = new Date(`${text.replace(' ', 'T')}Z`)
  if (Number.isNaN(wall.getTime()) || wall.toISOString().slice(0, 19).replace('T', ' ') !== text) return null
  if (zone === 'UTC') return wall
  // One of the offsets in force a day before and a day after is the offset at that time.
  const candidates = [-dayMs, dayMs]
    .map((shift) => wall.getTime() - zoneOffsetMs(wall.getTime() + shift, zone))
    .sort((a, b) => a - b)
  const instant = candidates.find((time) => formatTime(new Date(time), zone) === text)
  return instant === undefined ? null : new Date(instant)
}
