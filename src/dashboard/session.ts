import { computed, signal } from '@preact/signals'
import { createSmartLink, type SmartLink } from '../client/index.js'
import { apiUrl } from './surroundings.js'

/**
 * The access token in use. Kept for this tab until it is closed (sessionStorage), and sent in the header `Authorization` only:
 * never in an address, where histories and logs would keep it.
 */
const key = 'smart-link-token'

export const token = signal<string | null>(kept())

/** Why there is no session, when it ended by itself. */
export const farewell = signal<string | null>(null)

export const api = computed<SmartLink | null>(() =>
  token.value === null ? null : createSmartLink({ baseUrl: apiUrl, token: token.value }),
)

export function begin(text: string): void {
  farewell.value = null
  token.value = text
  try {
    sessionStorage.setItem(key, text)
  } catch {
    // Then it lasts as long as the page.
  }
}

export function end(why: string | null = null): void {
  farewell.value = why
  token.value = null
  sessionStorage.removeItem(key)
}

function kept(): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}
