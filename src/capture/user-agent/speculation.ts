import type { RequestHeaders } from './client-hints.js'

/** Why a browser fetches a page that nobody has opened. */
export type Speculation = 'prefetch' | 'preview'

/**
 * Browsers say when they fetch a page that nobody has opened yet: Chrome and Safari in Sec-Purpose, their older versions in
 * Purpose and X-Purpose, Firefox in X-Moz. Firefox's link previews carry a header of their own.
 *
 * Sources: https://wicg.github.io/nav-speculation/prefetch.html#sec-purpose-header and
 * https://blog.mozilla.org/en/firefox/firefox-ai/ai-link-previews-firefox/
 *
 * @param headers lower-case names
 * @returns null for a request that somebody waits for
 */
export function speculationOf(headers: RequestHeaders): Speculation | null {
  for (const name of PURPOSE_HEADERS) {
    const value = headers[name]
    if (value !== undefined && /\b(?:prefetch|prerender|preview)\b/i.test(String(value))) return 'prefetch'
  }
  const ai = headers['x-firefox-ai']
  return ai === undefined || /^\s*(?:0|false)?\s*$/i.test(String(ai)) ? null : 'preview'
}

const PURPOSE_HEADERS = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'] as const
