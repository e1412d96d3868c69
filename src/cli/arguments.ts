import { InvalidArgumentError } from 'commander'

/** Number of an owner or a link: positive, and exact in JavaScript. */
function recordId(text: string): number {
  const id = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id))
    throw new InvalidArgumentError('give a positive number.')
  return id
}

export const ownerId = recordId
export const linkId = recordId
