import { looksLikeNumber } from './phone-number.js'
import type { Sheet } from './read-csv.js'

export const fields = ['mobile', 'message_id', 'sent_at'] as const
export type FieldName = (typeof fields)[number]

/** Which column of a file has which field; null: none. */
export type Columns = Record<FieldName, number | null>

const knownNames: Record<FieldName, string[]> = {
  mobile: ['mobile', 'phone', 'msisdn', 'cell', 'tel', 'to', 'number', 'recipient', 'destination', 'whatsapp', 'handy'],
  message_id: ['messageid', 'msgid', 'message', 'smsid', 'reference', 'ref', 'externalid', 'id'],
  sent_at: [
    'sentat',
    'sent',
    'senttime',
    'sentdate',
    'submittedat',
    'deliveredat',
    'timestamp',
    'datetime',
    'date',
    'time',
  ],
}

/** Guesses by the names of the columns, and the numbers by what is in them. */
export function guessColumns({ names, hasNames, rows }: Sheet): Columns {
  const columns: Columns = { mobile: null, message_id: null, sent_at: null }
  const taken = new Set<number>()
  const take = (field: FieldName, at: number) => {
    if (at < 0) return
    columns[field] = at
    taken.add(at)
  }
  if (hasNames) for (const field of fields) take(field, namedLike(names, knownNames[field], taken))
  if (columns.mobile === null) take('mobile', columnOfNumbers(names.length, rows.slice(0, 50), taken))
  return columns
}

/** The whole name first, then one that begins with it: `mobile_number` is one for `mobile`. */
function namedLike(names: string[], known: string[], taken: Set<number>): number {
  const plain = names.map((name) => name.toLowerCase().replace(/[^a-z]/g, ''))
  const find = (fits: (name: string, wanted: string) => boolean) => {
    for (const wanted of known) {
      const at = plain.findIndex((name, index) => !taken.has(index) && fits(name, wanted))
      if (at >= 0) return at
    }
    return -1
  }
  const whole = find((name, wanted) => name === wanted)
  return whole >= 0 ? whole : find((name, wanted) => wanted.length > 3 && name.includes(wanted))
}

function columnOfNumbers(count: number, rows: Sheet['rows'], taken: Set<number>): number {
  const hits = Array.from({ length: count }, (_, at) =>
    taken.has(at) ? 0 : rows.filter(({ cells }) => looksLikeNumber(cells[at] ?? '')).length,
  )
  const most = Math.max(0, ...hits)
  return most > 0 ? hits.indexOf(most) : -1
}
