/**
 * Checks what a file says about a visit: the way back from resource.ts. "" and null both mean absent; which of them the wire
 * shows is the column's affair.
 */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { RecipientClaim } from '../../recipients/claims.js'
import type { NewVisit } from '../visit.js'
import { type WireRow, type WireRowOptions, wireRow } from './wire-schema.js'

/** A visit as a file describes it. Its recipient is known by token, not yet by number. */
export interface WireVisit {
  ownerId: number
  recipient: RecipientClaim | null
  visit: NewVisit
}

/** Reads one row; a text is the reason why it cannot be one. */
export function wireRowReader(options: WireRowOptions): (row: unknown) => WireVisit | string {
  const schema = wireRow(options)
  return (row) => {
    const result = schema.safeParse(row)
    if (!result.success) return reasonOf(result.error)
    return result.data.token === null && (result.data.message_id !== null || result.data.mobile !== null)
      ? 'message_id and mobile must be empty without a token'
      : wireVisit(result.data)
  }
}

function wireVisit(row: WireRow): WireVisit {
  const { token, message_id, mobile } = row
  const visit: NewVisit = {
    id: row.id,
    visitId: row.visit_id || randomUUID(),
    linkId: row.link_id,
    createdAt: row.created_at,
    recipientId: null,
    clientIp: row.client_ip,
    scheme: row.scheme,
    host: row.host,
    queryString: row.query_string,
    browserLang: row.browser_lang,
    resolution: row.resolution,
    userAgent: userAgentOf(row),
    place: placeOf(row),
    isBot: row.options !== null && 'bot' in row.options && row.options.bot === true,
    options: row.options,
  }
  // The wire shows the token where no message is known (resource.ts).
  const recipient =
    token === null ? null : { linkId: row.link_id, token, messageId: message_id === token ? null : message_id, mobile }
  return { ownerId: row.user_id, recipient, visit }
}

function userAgentOf(row: WireRow) {
  return {
    userAgent: row.user_agent,
    hints: null,
    browser: row.browser,
    browserVersion: row.browser_version,
    browserEngine: row.browser_engine,
    platform: row.platform,
    platformVersion: row.platform_version,
    platformName: row.platform_name,
    deviceType: row.device_type,
    deviceBrand: row.device_brand,
    deviceModel: row.device_model,
    touchEnabled: row.touch_enabled,
  }
}

function placeOf(row: WireRow) {
  const place = {
    country: row.country,
    countryCode: row.country_code,
    region: row.region,
    city: row.city,
    zipcode: row.zipcode,
    latitude: row.latitude,
    longitude: row.longitude,
    timezone: row.timezone,
  }
  return Object.values(place).some((part) => part !== null) ? place : null
}

function reasonOf(error: z.ZodError): string {
  const reasons = error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
    return [...issue.path, issue.message].join(' ')
  })
  return reasons.slice(0, 3).join('; ') + (reasons.length > 3 ? `; and ${reasons.length - 3} more` : '')
}
