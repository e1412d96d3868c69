/**
 * Times in query parameters. A time without a zone is in the output zone, as all times on the wire are.
 */
import { zoneOffsetMs } from './zone-clock.js'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/**
 * ISO 8601, `Y-m-d H:i:s`, or a timestamptz as PostgreSQL writes it (`2026-01-31 12:00:00.5+00`); a date alone is its start.
 *
 * @returns null when it is none of these, or no real date
 */
export function parseInstant(text: string, zone: string): Date | null {
  return parsePoint(text, zone)?.start ?? null
}

/**
 * The family's own ranges: one date, or two with ` - ` between, as `Y-m-d`, `Y-m-d H:i:s` or `Jun 26, 2019`. Both ends
 * count: a last day is whole, a last second too. Half-open in the result.
 */
export function parseDateRange(text: string, zone: string): { from: Date; to: Date } | null {
  const [first = '', last = first, ...rest] = text.split(/ (?:-|to) |,(?=\d{4}-)/).map((part) => part.trim())
  const from = parsePoint(first, zone)
  const to = parsePoint(last, zone)
  if (rest.length > 0 || from === null || to === null || to.end <= from.start) return null
  return { from: from.start, to: to.end }
}

/** A plus sign that nobody encoded arrives as a space. */
const offsetForm = ' ?(?:Z|[+-]\\d\\d(?::?\\d\\d(?::\\d\\d)?)?)| \\d\\d(?::?\\d\\d)?'
const timeForm = `(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?(${offsetForm})?`
const numericPoint = new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)(?:[T ]${timeForm})?$`, 'i')

/** What a text covers: a day or a second. */
function parsePoint(text: string, zone: string): { start: Date; end: Date } | null {
  const match = numericPoint.exec(text) ?? spelledDate(text)
  if (match === null) return null
  const [, year, month, day, hour, minute = '0', second = '0', fraction = '0', offset] = match
  const parts = [Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute), Number(second)] as const
  if (!isReal(...parts) || !isOffset(offset)) return null
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3))
  const [y, m, d, ...time] = parts
  const at = (days: number) => instant(Date.UTC(y, m - 1, d + days, ...time), offset, zone)
  const start = new Date(at(0).getTime() + milliseconds)
  return { start, end: hour === undefined ? at(1) : new Date(start.getTime() + 1000) }
}

function spelledDate(text: string): (string | undefined)[] | null {
  const match = /^([a-z]{3}) (\d{1,2}), (\d{4})$/i.exec(text)
  const month = months.indexOf(match?.[1]?.toLowerCase() ?? '') + 1
  return match === null || month === 0 ? null : [text, match[3], String(month), match[2]]
}

function isReal(year: number, month: number, day: number, hour: number, minute: number, second: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  return (
    year >= 1970 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  )
}

/** The instant at which clocks of that offset or zone show this wall time. */
function instant(wall: number, offset: string | undefined, zone: string): Date {
  if (offset !== undefined) return new Date(wall - offsetMs(offset))
  // The zone's offset depends on the instant: guess, then correct; twice settles it around a change of the clocks.
  let guess = wall
  for (let round = 0; round < 2; round++) guess = wall - zoneOffsetMs(guess, zone)
  return new Date(guess)
}

/** PostgreSQL leaves out minutes of zero, and knows offsets with seconds. */
function offsetMs(offset: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = offsetParts.exec(offset) ?? []
  return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

const offsetParts = /^ ?([+-])?(\d\d):?(\d\d)?(?::(\d\d))?$/

/** Less than 16 hours, as PostgreSQL has it. */
function isOffset(offset: string | undefined): boolean {
  if (offset === undefined || /^ ?Z$/i.test(offset)) return true
  const [, , hours, minutes = '0', seconds = '0'] = offsetParts.exec(offset) ?? []
  return Number(hours) < 16 && Number(minutes) < 60 && Number(seconds) < 60
}
