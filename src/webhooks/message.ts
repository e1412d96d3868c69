import { Webhook } from 'standardwebhooks'
import { formatTime } from '../http/time.js'
import type { LoggedVisit, PendingWebhook } from './pending.js'

/** What is posted for a visit: flat JSON, 14 keys in the contract's order (docs/api-contract.md section 8). */
export function messageBody({ userAgent: agent, place, ...visit }: LoggedVisit, zone: string): string {
  return JSON.stringify({
    id: visit.id,
    // A number, unlike in lists of visits.
    link_id: visit.linkId,
    user_agent: agent.userAgent ?? '',
    browser: agent.browser ?? '',
    browser_version: agent.browserVersion ?? '',
    platform: agent.platform ?? '',
    device_type: agent.deviceType ?? '',
    device_brand: agent.deviceBrand ?? '',
    country: place?.country ?? '',
    country_code: place?.countryCode ?? '',
    region: place?.region ?? '',
    city: place?.city ?? '',
    mobile: visit.mobile,
    created_at: formatTime(visit.createdAt, zone),
  })
}

/**
 * Headers of a message: signed as Standard Webhooks says, with the visit's id as the message's, so that a receiver knows one that
 * comes again; and with the secret as the contract says.
 */
export function messageHeaders(webhook: PendingWebhook, id: string, body: string, now: Date): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Smart-Link-Webhooks',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(webhook.verificationCode).sign(id, now, body),
    ...(webhook.secret !== null && { authorization: `Bearer ${webhook.secret}` }),
  }
}
