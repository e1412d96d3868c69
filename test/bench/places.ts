import type { Place } from '../../src/visits/visit.js'

/** Country, its code, time zone, a latitude and a longitude in it: cities as `city/region`. */
const countries = `
Iran, IR, Asia/Tehran, 35.7, 51.4: Tehran/Tehran, Mashhad/Razavi Khorasan, Isfahan/Isfahan, Shiraz/Fars
Germany, DE, Europe/Berlin, 51.1, 10.4: Berlin/Berlin, Munich/Bavaria, Köln/North Rhine-Westphalia
United States, US, America/New_York, 39.9, -77.1: New York/New York, Ashburn/Virginia, Miami/Florida
Türkiye, TR, Europe/Istanbul, 39.9, 32.8: Istanbul/Istanbul, Ankara/Ankara, İzmir/İzmir, Bursa/Bursa
United Kingdom, GB, Europe/London, 52.4, -1.5: London/England, Leeds/England, Glasgow/Scotland
France, FR, Europe/Paris, 46.6, 2.4: Paris/Île-de-France, Lyon/Auvergne-Rhône-Alpes, Nantes/Pays de la Loire
India, IN, Asia/Kolkata, 21.1, 78.2: Mumbai/Maharashtra, Bengaluru/Karnataka, Delhi/Delhi, Pune/Maharashtra
Brazil, BR, America/Sao_Paulo, -14.2, -51.9: São Paulo/São Paulo, Recife/Pernambuco, Curitiba/Paraná
Indonesia, ID, Asia/Jakarta, -2.5, 118.1: Jakarta/Jakarta, Bandung/West Java, Medan/North Sumatra
Nigeria, NG, Africa/Lagos, 9.1, 8.7: Lagos/Lagos, Abuja/Federal Capital Territory, Kano/Kano
Mexico, MX, America/Mexico_City, 23.6, -102.6: Ciudad de México/Mexico City, Guadalajara/Jalisco, Puebla/Puebla
Spain, ES, Europe/Madrid, 40.5, -3.7: Madrid/Madrid, Barcelona/Catalonia, Sevilla/Andalusia
Italy, IT, Europe/Rome, 41.9, 12.6: Rome/Lazio, Milan/Lombardy, Naples/Campania, Turin/Piedmont
Poland, PL, Europe/Warsaw, 51.9, 19.1: Warsaw/Mazovia, Kraków/Lesser Poland, Łódź/Łódź Voivodeship
Japan, JP, Asia/Tokyo, 36.2, 138.3: Tokyo/Tokyo, Osaka/Ōsaka, Sapporo/Hokkaido, Fukuoka/Fukuoka
South Africa, ZA, Africa/Johannesburg, -30.6, 22.9: Johannesburg/Gauteng, Cape Town/Western Cape
United Arab Emirates, AE, Asia/Dubai, 23.4, 53.8: Dubai/Dubai, Abu Dhabi/Abu Dhabi, Sharjah/Sharjah
Canada, CA, America/Toronto, 45.4, -75.7: Toronto/Ontario, Montréal/Quebec, Vancouver/British Columbia
Netherlands, NL, Europe/Amsterdam, 52.1, 5.3: Amsterdam/North Holland, Rotterdam/South Holland
Iraq, IQ, Asia/Baghdad, 33.2, 43.7: Baghdad/Baghdad, Basra/Basra, Erbil/Erbil
`

const districtsOfCity = 6

/** Some hundred places; the first are picked most. */
export const places: readonly Place[] = Array.from({ length: districtsOfCity }, (_, district) =>
  countries
    .trim()
    .split('\n')
    .flatMap((line, nth) => placesOf(line, nth, district)),
).flat()

function placesOf(line: string, nth: number, district: number): Place[] {
  const [facts = '', cities = ''] = line.split(': ')
  const [country = '', countryCode = '', timezone = '', latitude, longitude] = facts.split(', ')
  return cities.split(', ').map((name, at) => {
    const [city = name, region = null] = name.split('/')
    return Object.freeze({
      country,
      countryCode,
      region,
      city,
      zipcode: district === 5 ? null : String(10_000 + nth * 3_001 + at * 331 + district * 17),
      latitude: (Number(latitude) + at * 0.73 + district * 0.011).toFixed(4),
      longitude: (Number(longitude) + at * 0.61 + district * 0.013).toFixed(4),
      timezone,
    })
  })
}
