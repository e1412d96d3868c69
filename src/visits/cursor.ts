import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Database } from '../database/open.js'
import { serverKey } from '../database/server-key.js'
import { HttpError, invalid } from '../http/errors.js'

/** How far a reader of a feed has come. */
export interface FeedPlace {
  /** Everything up to and including it has been read. */
  position: number
  /** Number in the account of the last blanked visit that the reader was told of, or read blank. */
  erased: number
}

/** What a feed's cursor stands for. */
export interface CursorPlace extends FeedPlace {
  ownerId: number
  /** null: the feed over all links of the owner. */
  linkId: number | null
}

/** Makes and reads cursors: opaque, signed, valid for ever and on every server of this database. */
export interface Cursors {
  write(at: CursorPlace): string
  /** null when it is no cursor of ours. */
  read(cursor: string): CursorPlace | null
}

/** 409: the cursor was given by a log that had more than this one. */
export const aheadOfLog = () =>
  new HttpError(409, 'The cursor is ahead of the log, which must have been restored. Start anew.')

/**
 * The place of a cursor of this feed.
 *
 * @param field that it was given in
 * @throws HttpError 422 for a cursor of another one
 */
export function placeOf(
  cursors: Cursors,
  { ownerId, linkId }: Omit<CursorPlace, keyof FeedPlace>,
  cursor: string,
  field = 'cursor',
): FeedPlace {
  const at = cursors.read(cursor)
  if (at === null || at.ownerId !== ownerId || at.linkId !== linkId) {
    throw invalid({ [field]: [`The ${field.replaceAll('-', ' ')} field must be a cursor of this feed.`] })
  }
  return { position: at.position, erased: at.erased }
}

/**
 * How long a cursor of each version is. Those of version 1 say nothing of what was blanked, and are told all of it: their readers may
 * have copies of any visit.
 */
const lengths = new Map([
  [1, 25],
  [2, 33],
])
const [version, bodyBytes] = [2, 33]
const macBytes = 16

export function openCursors(key: Buffer): Cursors {
  const sign = (body: Buffer) => createHmac('sha256', key).update(body).digest().subarray(0, macBytes)
  return {
    write({ ownerId, linkId, position, erased }) {
      const body = Buffer.alloc(bodyBytes)
      body.writeUInt8(version)
      body.writeBigUInt64BE(BigInt(ownerId), 1)
      body.writeBigUInt64BE(BigInt(linkId ?? 0), 9)
      body.writeBigUInt64BE(BigInt(position), 17)
      body.writeBigUInt64BE(BigInt(erased), 25)
      return Buffer.concat([body, sign(body)]).toString('base64url')
    },
    read(cursor) {
      const bytes = /^[\w-]{55,66}$/.test(cursor) ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0)
      if (bytes.length <= macBytes || bytes.toString('base64url') !== cursor) return null
      const body = bytes.subarray(0, -macBytes)
      if (lengths.get(body.readUInt8()) !== body.length || !timingSafeEqual(sign(body), bytes.subarray(-macBytes)))
        return null
      const numberAt = (at: number) => (at < body.length ? Number(body.readBigUInt64BE(at)) : 0)
      return { ownerId: numberAt(1), linkId: numberAt(9) || null, position: numberAt(17), erased: numberAt(25) }
    },
  }
}

/** Cursors with the database's key, read when first needed. */
export function cursorsOf(db: Database): () => Promise<Cursors> {
  let opened: Promise<Cursors> | null = null
  return () => {
    opened ??= serverKey(db, 'cursor').then(openCursors, (error) => {
      opened = null
      throw error
    })
    return opened
  }
}
