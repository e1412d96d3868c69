import { isbot } from 'isbot'

/** Bare fetchers that name only themselves: HTTP libraries, and messengers building a preview (`WhatsApp/2.22.1.52`). */
const FETCHERS =
  /^(?:WhatsApp\/|curl|Wget|python|okhttp|Go-http-client|Java\/|Apache-HttpClient|axios|node|got\b|libwww|Ruby|PHP|Dart\/|Artifactory|quic-go)/i

/** Whether a program, not a person, sent the request: an empty user agent, a declared bot, or an HTTP library. */
export function isAutomated(userAgent: string): boolean {
  return userAgent.trim() === '' || FETCHERS.test(userAgent) || isbot(userAgent)
}
