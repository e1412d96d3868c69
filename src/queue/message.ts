import { z } from 'zod'
import type { NewVisit } from '../visits/visit.js'
import { rowId, visitShape } from '../visits/visit-schema.js'

/** A visit on its way through the queue. */
export interface QueuedVisit {
  ownerId: number
  visit: NewVisit
}

export function encodeMessage(queued: QueuedVisit): string {
  return JSON.stringify(queued)
}

/** @throws an error that says what is wrong with the message */
export function decodeMessage(bytes: Uint8Array): QueuedVisit {
  const result = schema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Error(`${issue?.path.join('.')}: ${issue?.message}`)
}

/** What a newer version adds is left out, so that versions can follow each other without a visit being set aside. */
const schema: z.ZodType<QueuedVisit> = z.object({
  ownerId: rowId,
  visit: z.object({
    ...visitShape,
    id: z.uuid(),
    visitId: z.uuid().nullable(),
    userAgent: z.object(visitShape.userAgent.shape),
    place: z.object(visitShape.place.unwrap().shape).nullable(),
  }),
})
