import type { Columns } from '../../recipient-files/fields.js'
import { type FoundRecipient, recipientReader } from '../../recipient-files/rows.js'
import { texts } from '../texts.js'
import type { Sheet } from './read-csv.js'

export interface RowProblem {
  line: number
  row: number
  text: string
}

export interface Checked {
  wanted: FoundRecipient[]
  /** Rows that are left out. */
  problems: RowProblem[]
  /** What is odd about rows that are not. */
  notes: RowProblem[]
  /** How many of the wanted name somebody whom an earlier one names, so that they share a short URL. */
  repeated: number
}

/** What would be sent, and what the server would refuse, before anything is sent. The rules are those of the API. */
export function checkRows({ records, ...form }: Sheet, columns: Columns): Checked {
  const checked: Checked = { wanted: [], problems: [], notes: [], repeated: 0 }
  const read = recipientReader({ ...form, columns })
  const numbers = new Map<string, string>()
  for (const record of records) {
    const found = read(record)
    if (found === null) continue
    const { line, row } = found
    if ('reason' in found) {
      checked.problems.push({ line, row, text: found.reason })
      continue
    }
    const { mobile, message_id } = found
    const digits = digitsOf(mobile)
    const key = message_id === null ? `mobile ${digits}` : `message ${message_id}`
    const before = numbers.get(key)
    // Spellings of one number end alike; the server knows whether they are one.
    if (before !== undefined && before.slice(-7) !== digits.slice(-7)) {
      checked.problems.push({ line, row, text: texts.upload.otherNumber })
      continue
    }
    if (found.note !== null) checked.notes.push({ line, row, text: found.note })
    if (before !== undefined) checked.repeated++
    numbers.set(key, digits)
    checked.wanted.push(found)
  }
  return checked
}

const digitsOf = (mobile: string): string => mobile.replace(/\D/g, '').replace(/^00/, '')
