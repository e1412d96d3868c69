import { unguarded } from '../csv/guard.js'
import type { ReadRecord } from '../csv/records.js'
import { withCallingCode } from './calling-code.js'
import { isNothing, isTime, looksLikeNumber } from './cell-shapes.js'
import type { Columns } from './fields.js'
import { type MobileProblem, readMobile } from './mobile-text.js'

/** A recipient as the API takes one, and where it stands in the file. */
export interface FoundRecipient {
  line: number
  row: number
  cells: string[]
  mobile: string
  message_id: string | null
  sent_at: string | null
  /** What is wrong with the row, though not with what is taken from it; null: nothing. */
  note: string | null
  /** Its quotes are broken. */
  isDamaged: boolean
}

export interface RefusedRow {
  line: number
  row: number
  reason: string
}

export interface RowForm {
  names: string[]
  /** A row may have as many cells, or more of them that are empty. */
  width: number
  /** With fewer cells something is missing. */
  leastWidth: number
  columns: Columns
}

/**
 * Reads recipients off the rows of a file. What is taken is as it stands there, without spaces around it and without a
 * spreadsheet's guard.
 *
 * A row with broken quotes, or with too many or too few cells, is taken as long as what is taken from it is certain.
 *
 * @returns null for a row without any content
 */
export function recipientReader({
  names,
  width,
  leastWidth,
  columns,
}: RowForm): (record: ReadRecord) => FoundRecipient | RefusedRow | null {
  const taken = Object.values(columns).filter((at) => at !== null)
  const tokenAt = names.indexOf('token')
  return (record) => {
    const { line, row } = record
    const refuse = (reason: string) => ({ line, row, reason })
    if ('reason' in record) return refuse(sentence(record.reason))
    const { cells, fault, isCut } = record
    if (cells.every((cell) => cell.trim() === '')) return null
    const cell = (at: number | null) => (at === null ? '' : unguarded(cells[at]?.trim() ?? ''))
    const isUncertain = (at: number) => at !== columns.mobile && cells[at]?.includes('"')
    if (fault !== null && taken.some(isUncertain)) return refuse(sentence(fault))
    const filled = cells.findLastIndex((text) => text.trim() !== '') + 1
    // A quote beside its digits is not part of a number.
    const mobile = fault === null ? cell(columns.mobile) : cell(columns.mobile).replace(/^"|"$/g, '')
    const count = `${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`
    if (filled > width) {
      // Which cell has the separator in it that makes them too many is not known.
      const isCertain = columns.message_id === null && columns.country_code === null && looksLikeNumber(mobile)
      const reason = `There are ${count} where there should be ${width}.`
      if (!isCertain) return refuse(`${reason} A cell with a separator in it needs quotes around it.`)
      return found(reason)
    }
    if (cells.length < leastWidth) {
      const reason = `There ${cells.length === 1 ? 'is' : 'are'} ${count} where there should be ${leastWidth}.`
      return isCut ? refuse(`${reason} The file ends within this row.`) : found(reason)
    }
    return found(fault === null ? null : sentence(fault))

    function found(note: string | null): FoundRecipient | RefusedRow {
      const id = present(cell(columns.message_id))
      // Visits show the token where no message is known.
      const messageId = id !== null && id === cells[tokenAt]?.trim() ? null : id
      const sentAt = present(cell(columns.sent_at))
      const whole = columns.country_code === null ? mobile : withCallingCode(cell(columns.country_code), mobile)
      const reason = problemOf(mobile, messageId, sentAt)
      return reason === null
        ? { line, row, cells, mobile: whole, message_id: messageId, sent_at: sentAt, note, isDamaged: fault !== null }
        : refuse(note === null ? reason : `${reason} ${note}`)
    }
  }
}

const present = (cell: string): string | null => (isNothing(cell) ? null : cell)

const sentence = (predicate: string): string => `The row ${predicate}.`

/** What the API would refuse; null: nothing. */
function problemOf(mobile: string, messageId: string | null, sentAt: string | null): string | null {
  if (mobile === '') return 'There is no mobile number.'
  if (/\d\*+$/.test(mobile)) return `“${mobile}” is masked: its last digits are not in this file.`
  const read = readMobile(mobile)
  if ('problem' in read) return `“${mobile}” ${problemTexts[read.problem]}`
  if (messageId !== null && (messageId.length > 255 || /[\p{Cc}\uFFFD]/u.test(messageId)))
    return 'The message id is longer than 255 characters, or has characters that cannot be read.'
  if (sentAt !== null && !isTime(sentAt))
    return `“${sentAt}” is not a time such as 2026-01-31T12:00:00+01:00 or 2026-01-31 12:00:00.`
  return null
}

const problemTexts: Record<MobileProblem, string> = {
  not_a_number: 'is not a phone number of 5 to 20 digits.',
  decimal: 'is a decimal number. Format the column as text, and save again.',
  rounded: 'was rounded by a spreadsheet. Format the column as text, and save again.',
  extension: 'has an extension, which no message reaches.',
}
