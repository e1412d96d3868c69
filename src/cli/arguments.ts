import { InvalidArgumentError } from 'commander'
import { isTimeZone } from '../config.js'

/** Number of an owner or a link: positive, and exact in JavaScript. */
function recordId(text: string): number {
  const id = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id))
    throw new InvalidArgumentError('give a positive number.')
  return id
}

export const ownerId = recordId
export const linkId = recordId

/** IANA name of a time zone. */
export function timeZone(text: string): string {
  if (!isTimeZone(text)) throw new InvalidArgumentError('give UTC or an IANA time zone such as Europe/Berlin.')
  return text
}
