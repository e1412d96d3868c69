/** Reads a wire time (contract.md section 2): the counterpart of what pages show, `Y-m-d H:i:s` in the output zone. */
import { formatTime } from '../../http/time.js'
import { zoneOffsetMs } from '../../http/zone-clock.js'

const dayMs = 86_400_000
const shape = /^[1-9]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d$/

/**
 * The instant at which clocks in `zone` show `text`; the earlier one when they show it twice.
 *
 * @returns null when `text` is no such time, no day of the calendar, or in the hour that a zone's clocks skip
 */
export function instantOf(text: string, zone: string): Date | null {
  if (!shape.test(text)) return null
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
