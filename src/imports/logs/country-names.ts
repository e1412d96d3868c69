/** Countries by the English names that MaxMind's databases have, which Shlink stores. */

const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** Names that CLDR, which Node carries, does not have. */
const others: Record<string, string> = {
  'brunei darussalam': 'BN',
  'cabo verde': 'CV',
  'congo republic': 'CG',
  'czech republic': 'CZ',
  'dr congo': 'CD',
  'falkland islands (malvinas)': 'FK',
  'federated states of micronesia': 'FM',
  'hashemite kingdom of jordan': 'JO',
  'hong kong': 'HK',
  'ivory coast': 'CI',
  macao: 'MO',
  macau: 'MO',
  macedonia: 'MK',
  myanmar: 'MM',
  palestine: 'PS',
  'republic of korea': 'KR',
  'republic of lithuania': 'LT',
  'republic of moldova': 'MD',
  'russian federation': 'RU',
  swaziland: 'SZ',
  turkey: 'TR',
  turkiye: 'TR',
  aland: 'AX',
}

let codes: Map<string, string> | null = null

/** ISO 3166-1 alpha-2, or null when no country has that name. */
export function countryCodeOf(name: string): string | null {
  codes ??= knownCodes()
  return codes.get(plain(name)) ?? null
}

function knownCodes(): Map<string, string> {
  const found = new Map(Object.entries(others))
  const letters = Array.from({ length: 26 }, (_, nth) => String.fromCharCode(65 + nth))
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const name = names.of(code)
    // A code that was given up has the name of the one that replaced it.
    if (name && code !== 'ZZ') found.set(plain(name), Intl.getCanonicalLocales(`und-${code}`)[0]?.slice(4) ?? code)
  }
  return found
}

/** Without accents, articles, and the many ways to write and, saint and apostrophes. */
function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replace(/[’'.]/g, '')
    .replace(/\bsaint\b/g, 'st')
    .replace(/^the /, '')
    .trim()
}
