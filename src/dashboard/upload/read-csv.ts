import { FileError } from '../../csv/read.js'
import type { ReadRecord } from '../../csv/records.js'
import { callingCodeOf } from '../../recipient-files/cell-shapes.js'
import { type GivenForm, openRecipientFile, type RecipientFile } from '../../recipient-files/open.js'

/** A whole file, and how it was read. */
export interface Sheet extends Omit<RecipientFile, 'records'> {
  records: ReadRecord[]
  /** Some column may have the calling codes of countries. */
  mayHaveCodes: boolean
}

/** A text is the reason why the file cannot be read. */
export async function readCsv(file: Blob, given: GivenForm): Promise<Sheet | string> {
  try {
    return await sheetOf(await openRecipientFile(wholeFile(file), given))
  } catch (error) {
    if (error instanceof FileError) return error.message
    throw error
  }
}

/** All at once: the preview tells of every row. */
async function* wholeFile(file: Blob): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(await file.arrayBuffer())
}

async function sheetOf({ records, ...form }: RecipientFile): Promise<Sheet> {
  const read: ReadRecord[] = []
  for await (const record of records) {
    if ('reason' in record || record.cells.some((cell) => cell.trim() !== '')) read.push(record)
  }
  return { ...form, records: read, mayHaveCodes: form.columns.country_code !== null || hasCodes(read, form.width) }
}

function hasCodes(records: ReadRecord[], width: number): boolean {
  const rows = records.slice(0, 50).flatMap((record) => ('cells' in record ? [record.cells] : []))
  return Array.from({ length: width }).some(
    (_, at) => rows.length > 0 && rows.every((cells) => callingCodeOf(cells[at] ?? '') !== null),
  )
}
