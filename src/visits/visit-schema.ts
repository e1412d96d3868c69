import { z } from 'zod'
import type { NewVisit } from './visit.js'

const text = z.string().nullable()

/** Of owners, links and recipients. */
export const rowId = z.number().int().positive().max(Number.MAX_SAFE_INTEGER)

/** Keys of a visit as JSON has them. What is checked is the shape: values are for the database to refuse. */
export const visitShape = {
  id: z.string(),
  visitId: text,
  linkId: rowId,
  createdAt: z.string().pipe(z.coerce.date()),
  recipientId: rowId.nullable(),
  clientIp: text,
  scheme: text,
  host: text,
  queryString: text,
  browserLang: text,
  resolution: text,
  userAgent: z.strictObject({
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
    .strictObject({
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
}

/** A visit that this version has written: with all that it knows of one, and nothing else. */
export const visitOfThisVersion: z.ZodType<NewVisit> = z.strictObject(visitShape)
