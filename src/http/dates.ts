/**
 * Times in query parameters. A time without a zone is in the output zone, as all times on the wire are.
 */
import { zoneOffsetMs } from './zone-clock.js'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** ISO 8601 or `Y-m-d H:i:s`, date alone meaning its start; null when it is neither, or no real date. */
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

/** What a text covers: a day or a second. */
function parsePoint(text: string, zone: string): { start: Date; end: Date } | null {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+ -]\d\d:?\d\d)?)?$/i.exec(text) ??
    spelledDate(text)
  if (match === null) return null
  const [, year, month, day, hour, minute = '0', second = '0', fraction = '0', offset] = match
  const parts = [Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute), Number(second)] as const
  if (!isReal(...parts)) return null
  const milliseconds = Math.floor(Number(`0.${fraction}`) * 1000)
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

/** A plus sign that nobody encoded arrives as a space. */
function offsetMs(offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0
  const [, sign, hours, minutes] = /^([+ -])(\d\d):?(\d\d)$/.exec(offset) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
