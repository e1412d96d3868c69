import zoneAt from '@photostructure/tz-lookup'

/**
 * The time zone of a place, for databases that hold none (DB-IP Lite leaves the field empty).
 *
 * A country with one zone has that one, by CLDR, which every Node carries. Elsewhere the coordinates decide, on the
 * small map of tz-lookup: right to the hour for all but about 1 in 1500 places of DB-IP Lite, the misses being next to a
 * border.
 *
 * @param place its country as ISO 3166-1 alpha-2, its coordinates as decimal text
 * @returns IANA name in its present spelling; null if neither country nor coordinates tell
 */
export function timezoneOf(place: {
  countryCode: string | null
  latitude: string | null
  longitude: string | null
}): string | null {
  return soleZoneOf(place.countryCode) ?? zoneNear(place.latitude, place.longitude)
}

function zoneNear(latitude: string | null, longitude: string | null): string | null {
  if (latitude === null || longitude === null) return null
  if (Math.abs(Number(latitude)) > 90 || Math.abs(Number(longitude)) > 180) return null
  const zone = zoneAt(Number(latitude), Number(longitude))
  // The open sea: an offset, not the zone of a place.
  return zone.startsWith('Etc/') ? null : zone
}

function soleZoneOf(countryCode: string | null): string | null {
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
