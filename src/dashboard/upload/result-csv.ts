import Papa from 'papaparse'
import type { Recipient } from '../../client/index.js'
import type { Wanted } from './check-rows.js'
import type { Sheet } from './read-csv.js'

/** The rows of the file that were sent, each as it was, with the token and the short URL of its recipient behind it. */
export function resultCsv(sheet: Sheet, wanted: Wanted[], made: Recipient[]): string {
  const rows = made.map(({ token, short_url }, at) => {
    const cells = wanted[at]?.row.cells ?? []
    return [...sheet.names.map((_, column) => cells[column] ?? ''), token ?? '', short_url ?? '']
  })
  return `${Papa.unparse([[...sheet.names, 'token', 'short_url'], ...rows])}\r\n`
}
