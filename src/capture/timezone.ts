/**
 * The time zone of a country that has exactly one, for databases that hold none (DB-IP Lite leaves the field empty).
 *
 * Source: CLDR, which every Node carries. A country with several zones gives null: choosing one would be a guess.
 *
 * @param countryCode ISO 3166-1 alpha-2
 * @returns IANA name in its present spelling
 */
export function timezoneOf(countryCode: string | null): string | null {
  if (countryCode === null || !/^[A-Z]{2}$/.test(countryCode)) return null
  const known = soleZones.get(countryCode)
  if (known !== undefined) return known
  const [zone, ...others] = zonesOf(countryCode)
  const sole = zone === undefined || others.length > 0 ? null : (renamed[zone] ?? zone)
  soleZones.set(countryCode, sole)
  return sole
}

/** At most 26 * 26 entries. */
const soleZones = new Map<string, string | null>()

/** CLDR never changes an identifier; IANA renamed these. */
const renamed: Record<string, string> = {
  'Africa/Asmera': 'Africa/Asmara',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
}

function zonesOf(countryCode: string): string[] {
  // The property became a method while engines already shipped it: Node 20 has only the first, later ones the second.
  const locale: Intl.Locale & { timeZones?: string[]; getTimeZones?(): string[] | undefined } = new Intl.Locale(
    `und-${countryCode}`,
  )
  return locale.getTimeZones?.() ?? locale.timeZones ?? []
}
