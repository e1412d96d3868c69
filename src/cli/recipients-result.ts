import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { csvRecord } from '../csv/cells.js'
import type { StoredRow } from '../recipients/import.js'
import { StartError } from '../server.js'
import type { Host } from './host.js'

/** The rows of a file that were imported, each as it was, with the token and the short URL of its recipient behind it. */
export interface ResultFile {
  /** @param names of the file's columns */
  start(names: string[]): Promise<void>
  write(rows: StoredRow[]): Promise<void>
  close(): Promise<void>
}

/**
 * @param name `-` for standard output
 * @param base what comes before `/` and the token in a short URL
 * @throws StartError where nobody has said what short URLs begin with
 */
export async function openResult(name: string, base: string | undefined, { process }: Host): Promise<ResultFile> {
  if (base === undefined) throw new StartError('Short URLs begin with SHORT_URL or PUBLIC_URL: set one of them.')
  const isFile = name !== '-'
  const output = isFile ? createWriteStream(name) : process.stdout
  if (isFile) await once(output, 'open')
  let width = 0
  const write = async (text: string) => {
    if (!output.write(text)) await once(output, 'drain')
  }
  return {
    start: (names) => {
      width = names.length
      // Excel takes a file for UTF-8 only with this mark in front.
      return write(`${isFile ? '\uFEFF' : ''}${csvRecord([...names, 'token', 'short_url'])}`)
    },
    write: (rows) => write(rows.map((row) => csvRecord(resultCells(row, width, base))).join('')),
    close: async () => {
      // Standard output is not ours to end.
      if (!isFile) return
      output.end()
      await finished(output)
    },
  }
}

function resultCells({ row, recipient }: StoredRow, width: number, base: string): string[] {
  const cells = Array.from({ length: width }, (_, at) => row.cells[at]?.trim() ?? '')
  const token = recipient?.token ?? ''
  return [...cells, token, token && `${base}/${token}`]
}
