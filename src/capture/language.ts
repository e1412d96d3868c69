/** Codes that ISO 639 has replaced, as Java and older Android send them. */
const replaced: Readonly<Record<string, string>> = { iw: 'he', in: 'id', ji: 'yi', jw: 'jv', mo: 'ro' }

/**
 * Primary subtag of the language named first: `en` of `en-GB,de;q=0.8`. Weights are not compared: people's own comes first. Only
 * what is refused (`q=0`) and what is no language (`*`) is passed over. Locales of operating systems, such as `en_US.UTF-8`, are
 * languages too.
 *
 * @returns null when there is none
 */
export function firstLanguage(acceptLanguage: string): string | null {
  for (const entry of acceptLanguage.split(',', maxEntries)) {
    const [, primary, parameters = ''] = language.exec(entry) ?? []
    if (primary !== undefined && !/^posix$/i.test(primary) && !refused.test(parameters)) return currentLanguage(primary)
  }
  return null
}

/** @param primary a primary subtag in any case of letters */
export function currentLanguage(primary: string): string {
  const lower = primary.toLowerCase()
  return Object.hasOwn(replaced, lower) ? (replaced[lower] ?? lower) : lower
}

/** People have few; more are sent by nobody but those who look for trouble. */
const maxEntries = 20

/** A tag of BCP 47, with underscores too, or a locale with a charset and a modifier. */
const language = /^\s*([a-z]{2,8})(?:[-_][a-z0-9]{1,8})*(?:\.[\w-]{1,20})?(?:@[\w-]{1,20})?\s*(?:;(.*))?$/is

const refused = /(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)/i
