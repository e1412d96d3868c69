import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { BackupError, DamagedFile } from './error.js'
import { endOfRows, firstLine, type Header, readHeader } from './file-format.js'

/** A piece of a backup: a line that says something, whole rows, or the end of rows. */
export type Part = Line | { kind: 'rows'; raw: Buffer } | { kind: 'end-of-rows'; raw: Buffer }

export interface Line {
  kind: 'line'
  text: string
  raw: Buffer
}

const [newline, mark] = [10, Buffer.from(`${endOfRows}\n`)]
const markBehindRow = Buffer.concat([Buffer.from('\n'), mark])
/** Lines of JSON are short. */
const longestLine = 1024 * 1024

/** What a backup says, piece by piece. */
export async function* partsOf(file: Readable): AsyncGenerator<Part> {
  let rest: Buffer = Buffer.alloc(0)
  let isInRows = false
  for await (const chunk of unpacked(file)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let part = nextPart(rest, isInRows); part !== null; part = nextPart(rest, isInRows)) {
      rest = rest.subarray(part.raw.length)
      if (part.kind !== 'rows') isInRows = part.kind === 'line' && part.text.startsWith('{"table":')
      yield part
    }
  }
  if (rest.length > 0) throw cut()
}

/** The first two lines. @throws BackupError when it is no backup, or one of another format */
export async function headerOf(parts: AsyncIterator<Part>): Promise<{ header: Header; raw: Buffer }> {
  const [first, second] = [await parts.next(), await parts.next()]
  if (first.done || second.done) throw cut()
  if (first.value.kind !== 'line' || first.value.text !== firstLine || second.value.kind !== 'line') {
    const format = first.value.kind === 'line' ? /^smart-link backup (\d+)$/.exec(first.value.text)?.[1] : undefined
    throw format === undefined
      ? noBackup()
      : new BackupError(`The file has format ${format}, and this program reads format 1.`)
  }
  const header = readHeader(second.value.text)
  if (header === null) throw altered('its header cannot be read')
  return { header, raw: Buffer.concat([first.value.raw, second.value.raw]) }
}

export const noBackup = () => new BackupError('The file is no backup of smart-link.')
export const cut = () => new DamagedFile('The file is cut off: it does not end as a backup does.')
export const altered = (what: string) => new DamagedFile(`The file is damaged: ${what}.`)

function nextPart(data: Buffer, isInRows: boolean): Part | null {
  if (data.length === 0) return null
  if (!isInRows) {
    const end = data.indexOf(newline)
    if (end === -1 && data.length > longestLine) throw noBackup()
    return end === -1 ? null : { kind: 'line', text: data.toString('utf8', 0, end), raw: data.subarray(0, end + 1) }
  }
  if (data.subarray(0, mark.length).equals(mark)) return { kind: 'end-of-rows', raw: data.subarray(0, mark.length) }
  // No row has such a line: COPY doubles a backslash.
  const last = data.indexOf(markBehindRow)
  const end = last === -1 ? data.lastIndexOf(newline) : last
  return end === -1 ? null : { kind: 'rows', raw: data.subarray(0, end + 1) }
}

async function* unpacked(file: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  // Whoever leaves the loop ends it, and the file is not ours to end.
  file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip)
  try {
    yield* gunzip
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, gunzip.bytesWritten)
  } finally {
    file.unpipe(gunzip)
  }
}

function explained(error: NodeJS.ErrnoException, bytes: number): Error {
  if (error.code === 'Z_BUF_ERROR') return cut()
  if (!error.code?.startsWith('Z_')) return error
  return /incorrect header check/.test(error.message) && bytes < 2 * longestLine
    ? noBackup()
    : altered(`around byte ${bytes}: ${error.message}`)
}
