import { once } from 'node:events'
import { createReadStream, type ReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { ImportReport } from '../visits/files/import.js'
import type { HostProcess } from './host.js'
import type { Progress } from './progress.js'

export interface ImportFile {
  source: Readable
  /** Bytes; null where nobody knows. */
  size: number | null
}

/** Opened before the database: a wrong name is said at once. `-` is standard input. */
export async function openFile(file: string, process: HostProcess): Promise<ImportFile> {
  if (file === '-') return { source: process.stdin, size: null }
  const source: ReadStream = createReadStream(file, { highWaterMark: 256 * 1024 })
  await once(source, 'ready')
  const { size } = await stat(file)
  return { source, size }
}

export const bytesRead = (source: Readable): number => ('bytesRead' in source ? Number(source.bytesRead) : 0)

/** Shows how far an import is, and says which lines are bad. */
export function importReport(progress: Progress, { source, size }: ImportFile): ImportReport {
  return {
    refused: (line, reason) => progress.say(`line ${line}: ${reason}`),
    reading: (lines) => {
      if (size === null) progress.show(`reading line ${lines}`, 0, 0)
      else progress.show('reading', bytesRead(source), size)
    },
    storing: (visits, total) => progress.show('storing', visits, total),
  }
}
