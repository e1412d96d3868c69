import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Database } from '../database/open.js'
import { serverKey } from '../database/server-key.js'
import { invalid } from '../http/errors.js'

/** How far a reader of a feed has come. */
export interface FeedPlace {
  /** Everything up to and including it has been read. */
  position: number
  /** Number in the account of the last blanked visit that the reader was told of, or read blank. */
  erased: number
  /** In which these numbers were given (database/log-epoch.ts); 0: in the first one. */
  epoch: number
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
  const { position, erased, epoch } = at
  return { position, erased, epoch }
}

/**
 * How long a cursor of each version is. Those of version 1 say nothing of what was blanked, and are told all of it: their readers may
 * have copies of any visit. Those of version 2 say nothing of the epoch: they are of the first one.
 */
const lengths = new Map([
  [1, 25],
  [2, 33],
  [3, 39],
])
const [version, bodyBytes] = [3, 39]
const [epochAt, epochBytes] = [33, 6]
const macBytes = 16

export function openCursors(key: Buffer): Cursors {
  const sign = (body: Buffer) => createHmac('sha256', key).update(body).digest().subarray(0, macBytes)
  return {
    write({ ownerId, linkId, position, erased, epoch }) {
      const body = Buffer.alloc(bodyBytes)
      body.writeUInt8(version)
      body.writeBigUInt64BE(BigInt(ownerId), 1)
      body.writeBigUInt64BE(BigInt(linkId ?? 0), 9)
      body.writeBigUInt64BE(BigInt(position), 17)
      body.writeBigUInt64BE(BigInt(erased), 25)
      body.writeUIntBE(epoch, epochAt, epochBytes)
      return Buffer.concat([body, sign(body)]).toString('base64url')
    },
    read(cursor) {
      const bytes = /^[\w-]{55,74}$/.test(cursor) ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0)
      if (bytes.length <= macBytes || bytes.toString('base64url') !== cursor) return null
      const body = bytes.subarray(0, -macBytes)
      if (lengths.get(body.readUInt8()) !== body.length || !timingSafeEqual(sign(body), bytes.subarray(-macBytes)))
        return null
      const numberAt = (at: number) => (at < body.length ? Number(body.readBigUInt64BE(at)) : 0)
      const epoch = epochAt < body.length ? body.readUIntBE(epochAt, epochBytes) : 0
      return { ownerId: numberAt(1), linkId: numberAt(9) || null, position: numberAt(17), erased: numberAt(25), epoch }
    },
  }
}

/**
 * Cursors with the database's key, read when first needed in an epoch: another one may have lost the key as well.
 *
 * @returns asked for with the epoch that the log is in
 */
export function cursorsOf(db: Database): (epoch: number) => Promise<Cursors> {
  let opened: { epoch: number; cursors: Promise<Cursors> } | null = null
  return (epoch) => {
    if (opened?.epoch === epoch) return opened.cursors
    const cursors = serverKey(db, 'cursor').then(openCursors)
    opened = { epoch, cursors }
    cursors.catch(() => {
      if (opened?.cursors === cursors) opened = null
    })
    return cursors
  }
}
