import { isbot, isbotMatches } from 'isbot'

/**
 * Fetchers that isbot leaves to its caller: HTTP libraries, and messengers building a preview, which send nothing but
 * their own name (`WhatsApp/2.22.1.52`); a person's browser puts that name behind Mozilla/5.0.
 */
const FETCHERS =
  /^(?:WhatsApp\/|curl|Wget|python|okhttp|Go-http-client|Java\/|Apache-HttpClient|axios|node|got\b|libwww|Ruby|PHP|Dart\/|Artifactory|quic-go)/i

/** Phones in people's hands; no declared bot of a phone kind lacks one of the words isbot knows. */
const PHONE = /^Mozilla\/\S+ \((?:iPhone|iPad|iPod|Linux;(?: U;)? Android|\d+MB;)/

/** Words of isbot that are also part of the names of applications: Google Lens, Walla News, an @ in a channel. */
const APPLICATION_WORD = /^.?news$|^google$|^@|^\(\)$/i

/** Whether a program, not a person, sent the request: an empty user agent, a declared bot, or an HTTP library. */
export function isAutomated(userAgent: string): boolean {
  if (userAgent.trim() === '' || FETCHERS.test(userAgent)) return true
  if (!isbot(userAgent)) return false
  return !(PHONE.test(userAgent) && isbotMatches(userAgent).every((word) => APPLICATION_WORD.test(word)))
}
