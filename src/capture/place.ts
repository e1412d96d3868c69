import type { Place } from '../visits/visit.js'
import { timezoneOf } from './timezone.js'

/** Nothing is known. */
export const nowhere: Place = {
  country: null,
  countryCode: null,
  region: null,
  city: null,
  zipcode: null,
  latitude: null,
  longitude: null,
  timezone: null,
}

/** The place of loopback and private addresses: country and city, nothing else (docs/api-contract.md section 2). */
export const localhost: Place = Object.freeze({ ...nowhere, country: 'localhost', city: 'localhost' })

/**
 * Reads one record of a city database, whichever layout the file has.
 *
 * Flat (ip-location-db): `country_code`, `state1`, `city`, `postcode`, `latitude`, `longitude`, `timezone`; text that is
 * not known is `""`, countries have a code but no name. Nested (MaxMind City and its kin): `country.iso_code`,
 * `subdivisions[0].names.en` and so on. What a record does not say is null, save two fields that follow from the
 * others: the name of a coded country, and the time zone (timezone.ts).
 *
 * @param record as the reader decoded it; untrusted, because GEOIP_DB may be any file
 * @returns null when the record tells nothing about a place
 */
export function placeOf(record: unknown): Place | null {
  const fields = fieldsOf(record)
  if (fields === null) return null
  const said = 'country_code' in fields ? flat(fields) : nested(fields)
  const place = {
    ...said,
    country: said.country ?? countryName(said.countryCode),
    timezone: said.timezone ?? timezoneOf(said),
  }
  return Object.values(place).every((value) => value === null) ? null : place
}

type Fields = Record<string, unknown>

function flat(record: Fields): Place {
  return {
    country: null,
    countryCode: text(record.country_code),
    region: text(record.state1),
    city: text(record.city),
    zipcode: text(record.postcode),
    latitude: decimal(record.latitude),
    longitude: decimal(record.longitude),
    timezone: text(record.timezone),
  }
}

function nested(record: Fields): Place {
  const country = fieldsOf(record.country)
  const location = fieldsOf(record.location)
  const [region] = Array.isArray(record.subdivisions) ? record.subdivisions : []
  return {
    country: englishName(country),
    countryCode: text(country?.iso_code),
    region: englishName(fieldsOf(region)),
    city: englishName(fieldsOf(record.city)),
    zipcode: text(fieldsOf(record.postal)?.code),
    latitude: decimal(location?.latitude),
    longitude: decimal(location?.longitude),
    timezone: text(location?.time_zone),
  }
}

function fieldsOf(value: unknown): Fields | null {
  return isFields(value) ? value : null
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function englishName(named: Fields | null): string | null {
  return text(fieldsOf(named?.names)?.en)
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/**
 * A coordinate with the digits its author wrote. Flat files hold 32-bit floats, which arrive widened (51.5143 as
 * 51.51430130004883): for those, the shortest decimal that still gives the same float is the number meant.
 */
function decimal(value: unknown): string | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null
  if (Math.fround(value) !== value) return String(value)
  // Six digits always survive a 32-bit float, nine always identify one.
  for (const digits of [6, 7, 8]) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}

const regionNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** ZZ is CLDR's "Unknown Region"; Intl throws on what is not shaped like a code. */
function countryName(code: string | null): string | null {
  if (code === null || code === 'ZZ' || !/^[A-Z]{2}$/.test(code)) return null
  return regionNames.of(code) ?? null
}
