import type { StoredPart } from './block.js'
import { type Chunk, partOf, quarterMs } from './chunk.js'
import { facetNames } from './dimensions.js'
import type { LogNumbers } from './log-numbers.js'

/** What must be read with a part to understand it. */
export const neededWith: Partial<Record<StoredPart, StoredPart>> = { visitors: 'humans', recipients: 'link' }

/** Puts parts of a block (block.ts) that were read into its chunk. */
export function addParts(chunk: Chunk, stored: Partial<Record<StoredPart, Buffer>>, numbers: LogNumbers): void {
  const { length, columns, parts } = chunk
  for (const name of facetNames) {
    const bytes = stored[name]
    if (bytes !== undefined) parts[name] = readCodes(bytes, columns[name].entries.length, length)
  }
  if (stored.humans !== undefined) parts.humans = readBits(stored.humans, length)
  if (stored.suspects !== undefined) parts.suspects = readBits(stored.suspects, length)
  if (stored.offsets !== undefined) parts.offsets = readOffsets(stored.offsets, length)
  if (stored.times !== undefined) parts.times = readTimes(stored.times, chunk)
  if (stored.visitors !== undefined) parts.visitors = readVisitors(stored.visitors, chunk, numbers)
  if (stored.recipients !== undefined) parts.recipients = readRecipients(stored.recipients, chunk, numbers)
}

function readCodes(bytes: Buffer, entries: number, length: number): Uint8Array | Uint16Array {
  if (entries <= 1) return new Uint8Array(length)
  return entries <= 256 ? new Uint8Array(bytes) : new Uint16Array(bufferOf(bytes))
}

function readBits(bits: Buffer, length: number): Uint8Array {
  const flags = new Uint8Array(length)
  for (let at = 0; at < length; at++) flags[at] = ((bits[at >> 3] ?? 0) >> (at & 7)) & 1
  return flags
}

function readOffsets(bytes: Buffer, length: number): Uint16Array {
  return bytes.length === 0 ? Uint16Array.from({ length }, (_, at) => at) : new Uint16Array(bufferOf(bytes))
}

function readTimes(bytes: Buffer, { length, runs }: Chunk): Float64Array {
  const times = new Float64Array(length)
  for (let run = 0, at = 0; run < runs.length; run++) {
    const start = (runs.quarters[run] ?? 0) * quarterMs
    for (; at < (runs.ends[run] ?? 0); at++) times[at] = start + bytes.readUIntLE(3 * at, 3)
  }
  return times
}

function readVisitors(bytes: Buffer, chunk: Chunk, { visitors }: LogNumbers): Uint32Array {
  const humans = partOf(chunk, 'humans')
  const words = new Uint32Array(bufferOf(bytes))
  const numbers = new Uint32Array(chunk.length)
  for (let at = 0, word = 0; at < chunk.length; at++) {
    if (humans[at] === 1) numbers[at] = visitors.numberOf(words[word++] ?? 0, words[word++] ?? 0)
  }
  return numbers
}

function readRecipients(bytes: Buffer, chunk: Chunk, { recipients }: LogNumbers): Uint32Array {
  const numbers = new Uint32Array(chunk.length)
  if (bytes.length === 0) return numbers
  const links = partOf(chunk, 'link')
  const { entries } = chunk.columns.link
  const ids = new Uint32Array(bufferOf(bytes))
  for (let at = 0; at < chunk.length; at++) {
    const id = ids[at] ?? 0
    if (id > 0) numbers[at] = recipients.numberOf(id, entries[links[at] ?? 0] ?? 0)
  }
  return numbers
}

/** A copy, because words must not begin in the middle of others. */
function bufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
