/** What a cell looks like, whatever its column is called. */

/** Marks that programs put in and nobody sees. */
const invisible = /[\p{Cf}\s]+/gu

/**
 * How much a cell looks like a phone number, from 0 to 1. Dates, amounts, addresses of computers and counters of seconds have as
 * many digits; shorter and longer ones are more often something else.
 */
export function numberLikeness(cell: string): number {
  const text = cell
    .replace(invisible, '')
    .replace(/^(?:=?["'])+|["']+$/g, '')
    .replace(/^tel:/i, '')
  if (!/\d/.test(text)) return 0
  if (/^\+?\d{3,}\*{2,}$/.test(text)) return 1
  if (/^\d([.,]\d+)?e\+?\d+$/i.test(text)) return 0.7
  if (isDate(text) || /^\d{1,6}[.,]\d{1,2}$/.test(text)) return 0
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text) || /^[1-9]\d{0,2}(\.\d{3})+$/.test(text)) return 0.2
  const digits = text.replace(/[.,]0$/, '').replace(/[().\-/\u2010-\u2015]/g, '')
  if (!/^\+?\d{5,20}$/.test(digits)) return 0
  if (digits.length > 16) return 0.1
  if (/^(\+|00)/.test(digits)) return 1
  // Seconds and milliseconds since 1970.
  if (/^1[4-9]\d{8}(\d{3})?$/.test(digits)) return 0.3
  return digits.length > 8 ? 1 : digits.length > 6 ? 0.6 : 0.3
}

export const looksLikeNumber = (cell: string): boolean => numberLikeness(cell) >= 0.6

/** A name of a column has letters; numbers, dates and addresses of mail are what columns hold. */
export function looksLikeData(cell: string): boolean {
  const text = cell.trim()
  if (numberLikeness(text) > 0 || isDate(text) || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return true
  return (text.match(/\d/g)?.length ?? 0) > 4 && !/\p{L}{2}/u.test(text)
}

const isDate = (text: string): boolean =>
  /^(\d{4}([-/.])[01]?\d\2[0-3]?\d|[0-3]?\d([-/.])[0-3]?\d\3(19|20)\d\d)(\D.*)?$/.test(text)

/** A code for a calling code of a country: `44`, `+44`, `0044`, `1-684`. */
export function callingCodeOf(cell: string): string | null {
  const digits = cell
    .replace(invisible, '')
    .replace(/^'/, '')
    .replace(/^(\+|00)/, '')
    .replace('-', '')
  return /^[1-9]\d{0,3}$/.test(digits) ? digits : null
}

/** What databases print for nothing is nothing. */
export const isNothing = (cell: string): boolean => /^(|null|\\n|n\/a|none|-)$/i.test(cell)

/** Words, and not a code. */
export const isProse = (cell: string): boolean => cell.trim().split(/\s+/).length > 2

/** One word with a digit in it. */
export const looksLikeCode = (cell: string): boolean => /^\S*\d\S*$/.test(cell.trim())

/** ISO 8601 or `2026-01-31 12:00:00`, also as databases print it, and a real date. */
export function isTime(text: string): boolean {
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i.exec(
    text,
  )
  if (parts === null) return /^[a-z]{3} \d{1,2}, \d{4}$/i.test(text)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const date = new Date(Date.UTC(year, month - 1, day))
  return (
    year >= 1970 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  )
}
