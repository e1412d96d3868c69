import { z } from 'zod'
import type { NewVisit } from '../visits/visit.js'

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

const text = z.string().nullable()
const id = z.number().int().positive().max(Number.MAX_SAFE_INTEGER)

const schema: z.ZodType<QueuedVisit> = z.object({
  ownerId: id,
  visit: z.object({
    id: z.uuid(),
    visitId: z.uuid().nullable(),
    linkId: id,
    createdAt: z.iso.datetime().transform((at) => new Date(at)),
    recipientId: id.nullable(),
    clientIp: text,
    scheme: text,
    host: text,
    queryString: text,
    browserLang: text,
    resolution: text,
    userAgent: z.object({
      userAgent: text,
      hints: z.record(z.string(), z.string()).nullable(),
      browser: text,
      browserVersion: text,
      browserEngine: text,
      platform: text,
      platformVersion: text,
      platformName: text,
      deviceType: text,
      deviceBrand: text,
      deviceModel: text,
      touchEnabled: z.boolean(),
    }),
    place: z
      .object({
        country: text,
        countryCode: text,
        region: text,
        city: text,
        zipcode: text,
        latitude: text,
        longitude: text,
        timezone: text,
      })
      .nullable(),
    isBot: z.boolean(),
    options: z.record(z.string(), z.unknown()).nullable(),
  }),
})
