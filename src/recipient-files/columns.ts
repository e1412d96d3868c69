import { callingCodeOf, isNothing, isProse, isTime, looksLikeCode, numberLikeness } from './cell-shapes.js'
import { isCallingCodeName, messageIdRank, mobileRank, sentAtRank } from './column-names.js'
import type { Columns } from './fields.js'

export interface Table {
  /** null where the file has none. */
  names: string[] | null
  /** The first rows of it, as cells. */
  rows: string[][]
}

/**
 * Guesses columns by their names and by what their cells look like: a column of mobile numbers is one with numbers in it; a column
 * `message` with prose is the text of a message and not its id; a time of sending is not a date of birth.
 *
 * @param width how many columns there are
 * @param now times of sending lie before it
 */
export function guessColumns({ names, rows }: Table, width: number, now: Date): Columns {
  const columns = Array.from({ length: width }, (_, at) => columnOf(at, names?.[at] ?? '', rows))
  const mobile = best(columns, mobileScore) ?? best(columns, ({ name }) => mobileRank(name))
  const rest = columns.filter((column) => column !== mobile)
  const code = mobile && best(rest, (column) => callingCodeScore(column, mobile))
  const others = rest.filter((column) => column !== code)
  const messageId = best(others, (column) => messageIdScore(column, mobile))
  const sentAt = best(
    others.filter((column) => column !== messageId),
    (column) => sentAtScore(column, now),
  )
  return {
    mobile: mobile?.at ?? null,
    message_id: messageId?.at ?? null,
    sent_at: sentAt?.at ?? null,
    country_code: code?.at ?? null,
  }
}

interface Column {
  at: number
  name: string
  /** Of every row, trimmed. */
  cells: string[]
  /** Those that are not empty, nor printed for nothing. */
  filled: string[]
}

function columnOf(at: number, name: string, rows: string[][]): Column {
  const cells = rows.map((row) => row[at]?.trim() ?? '')
  return { at, name, cells, filled: cells.filter((cell) => !isNothing(cell)) }
}

/** The column with the highest score above 0; the first of equals. */
function best(columns: Column[], scoreOf: (column: Column) => number): Column | null {
  const scored = columns.map((column) => ({ column, score: scoreOf(column) })).filter(({ score }) => score > 0)
  return (
    scored.reduce<(typeof scored)[number] | null>((top, one) => (top && top.score >= one.score ? top : one), null)
      ?.column ?? null
  )
}

const share = (cells: string[], fits: (cell: string) => boolean): number =>
  cells.length === 0 ? 0 : cells.filter(fits).length / cells.length

/** Cells come first; the name decides between columns of numbers, unless one of them is nearly empty. */
function mobileScore({ name, cells, filled }: Column): number {
  if (share(filled, (cell) => numberLikeness(cell) > 0) < 0.5) return 0
  const likeness = filled.reduce((sum, cell) => sum + numberLikeness(cell), 0) / filled.length
  const rank = mobileRank(name)
  if (rank < 0 || (rank === 0 && likeness < 0.5)) return 0
  const isAlwaysTheSame = filled.length > 3 && new Set(filled).size === 1
  return rank + 1.5 * likeness + (2 * filled.length) / cells.length - (isAlwaysTheSame ? 2 : 0)
}

/** Only where numbers lack it. */
function callingCodeScore({ name, cells, filled }: Column, mobile: Column): number {
  if (!isCallingCodeName(name) || share(filled, (cell) => callingCodeOf(cell) !== null) < 0.8) return 0
  const lacking = mobile.cells.filter((number, row) => {
    const digits = number.replace(/\D/g, '')
    const code = callingCodeOf(cells[row] ?? '')
    return code !== null && number !== '' && !number.startsWith('+') && !/^00/.test(digits) && !digits.startsWith(code)
  })
  return lacking.length * 2 >= Math.max(1, mobile.filled.length) ? 1 : 0
}

function messageIdScore({ name, cells, filled }: Column, mobile: Column | null): number {
  const rank = messageIdRank(name)
  if (rank === 0 || share(filled, isProse) > 0.5) return 0
  if (rank === 1 && (share(filled, looksLikeCode) < 0.8 || isCounter(filled))) return 0
  // One id for all is that of a campaign.
  const numbers = new Map<string, string>()
  const clashes = cells.filter((cell, row) => {
    const number = mobile?.cells[row]?.replace(/\D/g, '').slice(-7) ?? ''
    const before = numbers.get(cell) ?? number
    numbers.set(cell, before)
    return !isNothing(cell) && before !== number
  })
  return clashes.length > 0.4 * filled.length ? 0 : rank
}

/** 1, 2, 3 … are numbers of rows: those of the next file begin with 1 again. */
const isCounter = (cells: string[]): boolean =>
  cells.length > 1 && cells.every((cell, at) => Number(cell) === at + Number(cells[0]))

function sentAtScore({ name, filled }: Column, now: Date): number {
  const rank = sentAtRank(name)
  if (rank === 0) return 0
  // Whoever calls it so means it: what cannot be read there is named, row by row.
  if (name.trim().toLowerCase() === 'sent_at') return rank
  const times = filled.filter(isTime)
  if (times.length < filled.length / 2) return 0
  // Columns `date` may be days of birth, or of appointments to come.
  const dayMs = 86_400_000
  const isRecent = (time: string) => Date.parse(time) > Date.UTC(2000, 0) && Date.parse(time) < now.getTime() + dayMs
  return rank < 2 && times.filter(isRecent).length < times.length / 2 ? 0 : rank
}
