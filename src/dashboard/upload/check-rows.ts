import { texts } from '../texts.js'
import type { Columns } from './columns.js'
import { looksLikeNumber, plainNumber } from './phone-number.js'
import type { Sheet, SheetRow } from './read-csv.js'

export interface Wanted {
  row: SheetRow
  mobile: string
  message_id: string | null
  sent_at: string | null
}

export interface RowProblem {
  row: number
  text: string
}

export interface Checked {
  wanted: Wanted[]
  problems: RowProblem[]
  /** How many of the wanted name somebody whom an earlier one names, so that they share a short URL. */
  repeated: number
}

/** What would be sent, and what the server would refuse, before anything is sent. The rules are those of the API. */
export function checkRows({ rows }: Sheet, columns: Columns): Checked {
  const checked: Checked = { wanted: [], problems: [], repeated: 0 }
  const numbers = new Map<string, string>()
  for (const row of rows) {
    const cell = (at: number | null) => (at === null ? '' : (row.cells[at] ?? ''))
    const mobile = cell(columns.mobile)
    const messageId = cell(columns.message_id) || null
    const sentAt = cell(columns.sent_at) || null
    const key = messageId === null ? `mobile ${plainNumber(mobile)}` : `message ${messageId}`
    const before = numbers.get(key)
    const text =
      problemOf(mobile, messageId, sentAt) ??
      (before !== undefined && before !== plainNumber(mobile) ? texts.upload.otherNumber : null)
    if (text !== null) {
      checked.problems.push({ row: row.number, text })
      continue
    }
    if (before !== undefined) checked.repeated++
    numbers.set(key, plainNumber(mobile))
    checked.wanted.push({ row, mobile, message_id: messageId, sent_at: sentAt })
  }
  return checked
}

function problemOf(mobile: string, messageId: string | null, sentAt: string | null): string | null {
  const { upload } = texts
  if (mobile === '') return upload.noNumber
  if (/^\d([.,]\d+)?e\+?\d+$/i.test(mobile)) return upload.roundedNumber(mobile)
  if (!looksLikeNumber(mobile)) return upload.badNumber(mobile)
  if (messageId !== null && (messageId.length > 255 || /\p{Cc}/u.test(messageId))) return upload.badMessageId
  if (sentAt !== null && !isTime(sentAt)) return upload.badTime(sentAt)
  return null
}

/** ISO 8601 or `2026-01-31 12:00:00`, and a real date. */
function isTime(text: string): boolean {
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text)
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
