import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { NewVisit } from '../visits/visit.js'
import { rowId, visitOfThisVersion } from '../visits/visit-schema.js'

/** A visit that waits on disk for the database. */
export interface SpooledVisit {
  ownerId: number
  visit: NewVisit
}

export interface SegmentContent {
  /** Whole records, in order. */
  visits: SpooledVisit[]
  /** Whole records of another version: with fields that this one does not know, or without some that it needs. */
  foreign: Buffer[]
  /** Whole lines that are no record: the disk or somebody changed them. */
  damaged: Buffer[]
  /** Length of an unfinished record at the end: its writer died, so nobody was told that it was safe. */
  tornBytes: number
}

const newline = 10
const space = 32
const header = /^([\da-f]{8}) (\d{1,9}) /
const longestHeader = 19

/** One line: CRC-32 of the JSON in hexadecimal, its length in bytes, the JSON. */
export function encodeRecord(spooled: SpooledVisit): Buffer {
  const json = Buffer.from(JSON.stringify(spooled))
  return Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json.length} ${json}\n`)
}

/** What a whole record says, of whatever version. */
export function recordOf(record: Buffer): unknown {
  const [head = ''] = header.exec(record.toString('latin1', 0, longestHeader)) ?? []
  try {
    return JSON.parse(record.toString('utf8', head.length))
  } catch {
    return null
  }
}

/** Finds whole records wherever they are: damage costs the records it touches and no other. */
export function decodeSegment(bytes: Buffer): SegmentContent {
  const content: SegmentContent = { visits: [], foreign: [], damaged: [], tornBytes: 0 }
  let badFrom: number | null = null
  const endDamage = (at: number) => {
    if (badFrom !== null && badFrom < at) content.damaged.push(bytes.subarray(badFrom, at))
    badFrom = null
  }
  for (let at = 0; at < bytes.length; ) {
    const record = recordAt(bytes, at)
    if (record === null) {
      badFrom ??= at
      at += 1
    } else {
      endDamage(at)
      const next = bytes[record.end] === newline ? record.end + 1 : record.end
      if (record.spooled === null) content.foreign.push(bytes.subarray(at, next))
      else content.visits.push(record.spooled)
      at = next
    }
  }
  if (badFrom !== null) {
    const tornFrom = Math.max(badFrom, bytes.lastIndexOf(newline) + 1)
    content.tornBytes = bytes.length - tornFrom
    endDamage(tornFrom)
  }
  return content
}

/** A record with the sum that it says it has; its visit is null when this version cannot read it. */
function recordAt(bytes: Buffer, at: number): { spooled: SpooledVisit | null; end: number } | null {
  // Looked at for every byte of what is damaged.
  if (bytes[at + 8] !== space) return null
  const [head, sum, length] = header.exec(bytes.toString('latin1', at, at + longestHeader)) ?? []
  if (head === undefined || sum === undefined) return null
  const start = at + head.length
  const end = start + Number(length)
  if (end > bytes.length) return null
  const json = bytes.subarray(start, end)
  if (crc32(json) !== Number.parseInt(sum, 16)) return null
  return { spooled: spooledVisit(json.toString()), end }
}

const schema = z.strictObject({ ownerId: rowId, visit: visitOfThisVersion })

function spooledVisit(json: string): SpooledVisit | null {
  try {
    return schema.safeParse(JSON.parse(json)).data ?? null
  } catch {
    return null
  }
}
