import { signal } from '@preact/signals'
import type { Visit } from '../client/index.js'

export type Column = keyof Visit

/** All that can be shown, in the order of the wire. */
export const allColumns: readonly Column[] = [
  ...(['created_at', 'country', 'region', 'city', 'browser', 'platform', 'device_type', 'device_brand'] as const),
  ...(['device_model', 'browser_version', 'platform_version', 'browser_lang', 'browser_engine'] as const),
  ...(['mobile', 'token', 'message_id', 'client_ip', 'host', 'query_string', 'user_agent', 'timezone'] as const),
  ...(['zipcode', 'latitude', 'longitude', 'touch_enabled', 'resolution', 'scheme', 'id', 'visit_id'] as const),
]

const usual: Column[] = ['created_at', 'country', 'city', 'browser', 'platform', 'device_type', 'mobile', 'client_ip']
const key = 'smart-link-columns'

/** What the person wants to see of a visit. Remembered in this browser. */
export const columns = signal<readonly Column[]>(kept())

export function showColumns(chosen: readonly Column[]): void {
  const inOrder = allColumns.filter((column) => chosen.includes(column))
  columns.value = inOrder
  try {
    localStorage.setItem(key, JSON.stringify(inOrder))
  } catch {
    // Then it lasts as long as the page.
  }
}

export const usualColumns = () => showColumns(usual)

function kept(): readonly Column[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    const known = Array.isArray(stored) ? allColumns.filter((column) => stored.includes(column)) : []
    return known.length > 0 ? known : usual
  } catch {
    return usual
  }
}
