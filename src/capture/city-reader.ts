import { LRUCache } from 'lru-cache'
import { Reader, type Response } from 'maxmind'

/**
 * Reads a MaxMind DB out of its bytes. Format: https://maxmind.github.io/MaxMind-DB/
 *
 * With a cache, not because decoding takes long, but because addresses of one record then get the same object: what is
 * made of a record is made once (location.ts).
 *
 * @throws if the bytes are not a whole database, as when the file is read while it is being written
 */
export function readerOf(bytes: Buffer): Reader<Response> {
  // maxmind searches the whole file for the mark, 70 MB of it, and reads on from wherever that ends.
  if (bytes.subarray(-METADATA_BYTES_MAX).lastIndexOf(METADATA_MARK) === -1) {
    throw new Error('Not a whole MaxMind DB file: its metadata is missing')
  }
  const reader = new Reader<Response>(bytes, { cache: new LRUCache<string | number, object>({ max: 20_000 }) })
  const { searchTreeSize } = reader.metadata
  const separator = bytes.subarray(searchTreeSize, searchTreeSize + SEPARATOR_BYTES)
  if (separator.length < SEPARATOR_BYTES || separator.some((byte) => byte !== 0)) {
    throw new Error('Not a whole MaxMind DB file: its search tree and its metadata disagree')
  }
  return reader
}

const METADATA_MARK = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
const METADATA_BYTES_MAX = 128 * 1024
const SEPARATOR_BYTES = 16
