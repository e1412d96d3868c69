import { encode } from '../http/query-string.js'
import type { NewVisit } from '../visits/visit.js'

/** Values of the contract's placeholders (docs/api-contract.md section 7); '' where nothing is known. */
export type PlaceholderValues = Readonly<Record<string, string>>

/** Replaces `{name}` and `{{name}}`, URL-encoded, so that a value stays inside its place. Unknown names stay as they are. */
export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  return replacePlaceholders(text, values, encode)
}

export function replacePlaceholders(text: string, values: PlaceholderValues, write: (value: string) => string): string {
  return text.replace(placeholder, (whole, double?: string, single?: string) => {
    const name = double ?? single ?? ''
    return Object.hasOwn(values, name) ? write(values[name] ?? '') : whole
  })
}

const placeholder = /\{\{(\w+)\}\}|\{(\w+)\}/g

type FilledFrom = 'id' | 'linkId' | 'createdAt' | 'clientIp' | 'host' | 'browserLang' | 'userAgent' | 'place'

/** @param mobile of the recipient, whole */
export function placeholderValues(visit: Pick<NewVisit, FilledFrom>, mobile: string | null): PlaceholderValues {
  const { userAgent: agent, place } = visit
  return {
    client_ip: visit.clientIp ?? '',
    host: visit.host ?? '',
    user_agent: agent.userAgent ?? '',
    browser: agent.browser ?? '',
    browser_version: agent.browserVersion ?? '',
    browser_lang: visit.browserLang ?? '',
    browser_engine: agent.browserEngine ?? '',
    platform: agent.platform ?? '',
    platform_name: agent.platformName ?? '',
    platform_version: agent.platformVersion ?? '',
    device_type: agent.deviceType ?? '',
    device_brand: agent.deviceBrand ?? '',
    // The vendor lists it, but no field of a visit holds it.
    device_version: '',
    device_model: agent.deviceModel ?? '',
    touch_enabled: agent.touchEnabled ? '1' : '0',
    country_code: place?.countryCode ?? '',
    country: place?.country ?? '',
    region: place?.region ?? '',
    city: place?.city ?? '',
    created_at: String(Math.floor(visit.createdAt.getTime() / 1000)),
    mobile: mobile ?? '',
    id: visit.id,
    link_id: String(visit.linkId),
  }
}
