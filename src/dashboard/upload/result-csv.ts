import { csvRecord } from '../../csv/cells.js'
import type { Made } from './send-rows.js'

/** The rows of the file that were sent, each as it was, with the token and the short URL of its recipient behind it. */
export function resultCsv(names: string[], made: Made[]): string {
  const rows = made.map(({ row, recipient: { token, short_url } }) => {
    return [...names.map((_, column) => row.cells[column]?.trim() ?? ''), token ?? '', short_url ?? '']
  })
  return [[...names, 'token', 'short_url'], ...rows].map(csvRecord).join('')
}
