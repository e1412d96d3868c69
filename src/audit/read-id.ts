import { hash } from 'node:crypto'

/** Reads are told apart to the minute. */
export const minuteMs = 60_000

/**
 * The id of what was read with a token in a minute: a UUID of version 8 with the time in front, so that ids are in order of time,
 * and a hash. It is the same wherever it is made: what several servers have noted adds up in one row.
 *
 * @param minute Unix milliseconds of its start
 */
export function readId(
  minute: number,
  tokenId: string | null,
  operation: string,
  linkId: number | null,
  isMasked = false,
): string {
  const what = [tokenId, operation, linkId, ...(isMasked ? ['masked'] : [])]
  const text = hash('sha256', JSON.stringify(what), 'hex')
  const variant = ((Number.parseInt(text.slice(3, 4), 16) & 3) | 8).toString(16)
  return `${timeOf(minute)}-8${text.slice(0, 3)}-${variant}${text.slice(4, 7)}-${text.slice(7, 19)}`
}

/** What is below all ids of a minute, and above all of those before it. @param time Unix milliseconds within it */
export function idBefore(time: number): string {
  return `${timeOf(Math.max(Math.floor(time / minuteMs) * minuteMs, 0))}-0000-0000-000000000000`
}

/** 48 bits, as UUIDs begin with them. */
function timeOf(time: number): string {
  const digits = time.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}
