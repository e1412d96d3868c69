import { mkdtempSync, renameSync, rmSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Locator, type LocatorOptions, openLocator } from '../../src/capture/location.js'
import { type MmdbNetworks, mmdb } from '../support/mmdb.js'

const nothingElse = {
  countryCode: null,
  region: null,
  zipcode: null,
  latitude: null,
  longitude: null,
  timezone: null,
}

describe('the database of the install', () => {
  let locator: Locator
  beforeAll(async () => {
    locator = await openLocator()
  })
  afterAll(() => locator.close())

  it('knows the city of an IPv4 address', () => {
    expect(locator.locate('2.176.0.1')).toEqual({
      country: 'Iran',
      countryCode: 'IR',
      region: 'Tehran',
      city: expect.stringContaining('Tehran'),
      zipcode: null,
      latitude: expect.stringMatching(/^35\.\d{1,5}$/),
      longitude: expect.stringMatching(/^51\.\d{1,5}$/),
      timezone: 'Asia/Tehran',
    })
  })

  it('knows the city of an IPv6 address', () => {
    expect(locator.locate('2a01:e0a::1')).toMatchObject({
      country: 'France',
      countryCode: 'FR',
      city: expect.stringContaining('Paris'),
      timezone: 'Europe/Paris',
    })
  })

  it('answers for an IPv4-mapped address as for the IPv4 address', () => {
    const place = locator.locate('81.2.69.142')
    expect(place?.countryCode).toBe('GB')
    expect(locator.locate('::ffff:81.2.69.142')).toEqual(place)
    expect(locator.locate('::FFFF:5102:458e')).toEqual(place)
  })

  it.each(['127.0.0.1', '::1', '10.1.2.3', '192.168.0.7', 'fd12::1', 'fe80::1%eth0', '::ffff:127.0.0.1'])(
    'calls %s localhost and says nothing else of it',
    (ip) => {
      expect(locator.locate(ip)).toEqual({ country: 'localhost', city: 'localhost', ...nothingElse })
    },
  )

  it.each(['', 'unknown', '1.2.3.4:80', '256.1.1.1', '224.0.0.1', '100.64.0.1', '2001:db8::1'])(
    'says nothing of "%s", which is nowhere',
    (ip) => {
      expect(locator.locate(ip)).toBeNull()
    },
  )

  it('is ready for any text without an error', async () => {
    for (const ip of ['8.8.8.8', '2001:4860:4860::8888', '127.0.0.1', 'unknown']) {
      await expect(locator.ready(ip)).resolves.toBeUndefined()
    }
  })
})

const london = {
  city: { geoname_id: 2643743n, names: { de: 'London', en: 'London' } },
  continent: { code: 'EU', names: { en: 'Europe' } },
  country: { iso_code: 'GB', names: { de: 'Vereinigtes Königreich', en: 'United Kingdom' } },
  location: { accuracy_radius: 10n, latitude: 51.5142, longitude: -0.0931, time_zone: 'Europe/London' },
  postal: { code: 'EC2V' },
  registered_country: { iso_code: 'US', names: { en: 'United States' } },
  subdivisions: [
    { iso_code: 'ENG', names: { en: 'England' } },
    { iso_code: 'LND', names: { en: 'City of London' } },
  ],
}

describe('a file of the operator', () => {
  it('is read in the nested layout of MaxMind City, IPv4 and IPv6 from one file', async () => {
    const { locator } = await locatorOf({ '81.2.69.0/24': london, '2001:db8::/32': london })
    const place = {
      country: 'United Kingdom',
      countryCode: 'GB',
      region: 'England',
      city: 'London',
      zipcode: 'EC2V',
      latitude: '51.5142',
      longitude: '-0.0931',
      timezone: 'Europe/London',
    }
    expect(locator.locate('81.2.69.142')).toEqual(place)
    expect(locator.locate('::ffff:81.2.69.142')).toEqual(place)
    expect(locator.locate('2001:db8:1::1')).toEqual(place)
    expect(locator.locate('81.2.70.1')).toBeNull()
  })

  it('is read in the flat layout with every field it has', async () => {
    const { locator } = await locatorOf({
      '81.2.69.0/24': {
        city: 'Denver',
        country_code: 'US',
        latitude: Math.fround(39.7392),
        longitude: -104.5,
        postcode: '80202',
        state1: 'Colorado',
        state2: '',
        timezone: 'America/Denver',
      },
    })
    expect(locator.locate('81.2.69.1')).toEqual({
      country: 'United States',
      countryCode: 'US',
      region: 'Colorado',
      city: 'Denver',
      zipcode: '80202',
      latitude: '39.7392',
      longitude: '-104.5',
      timezone: 'America/Denver',
    })
  })

  it('names a country by its code when the file does not, and the present time zone of a country with one', async () => {
    const { locator } = await locatorOf({ '81.2.69.0/24': { country: { iso_code: 'IN' } } })
    expect(locator.locate('81.2.69.1')).toMatchObject({ country: 'India', timezone: 'Asia/Kolkata', city: null })
  })

  it.each([
    ['US', 39.7392, -104.9847, 'America/Denver'],
    ['US', 40.7128, -74.006, 'America/New_York'],
    ['AU', -31.9523, 115.8613, 'Australia/Perth'],
    ['VN', 21.0285, 105.8542, 'Asia/Ho_Chi_Minh'],
  ])(
    'gets the time zone of its coordinates in %s (%d, %d) when it says none',
    async (code, latitude, longitude, zone) => {
      const record = { country: { iso_code: code }, location: { latitude, longitude } }
      const { locator } = await locatorOf({ '81.2.69.0/24': record })
      expect(locator.locate('81.2.69.1')?.timezone).toBe(zone)
    },
  )

  it.each([{}, { latitude: 0, longitude: -30 }, { latitude: 91, longitude: 0 }])(
    'gets no time zone invented in a country of several at %o',
    async (location) => {
      const { locator } = await locatorOf({ '81.2.69.0/24': { country: { iso_code: 'US' }, location } })
      expect(locator.locate('81.2.69.1')?.timezone).toBeNull()
    },
  )

  it.each(['ZZ', 'T1', 'toolong', ''])('gets no name invented for the code "%s"', async (code) => {
    const { locator } = await locatorOf({ '81.2.69.0/24': { country_code: code, city: 'Somewhere' } })
    expect(locator.locate('81.2.69.1')).toMatchObject({ country: null, timezone: null, city: 'Somewhere' })
  })

  it.each<[string, MmdbNetworks[string]]>([
    ['of another kind', { autonomous_system_number: 15169n }],
    ['that are text', 'London'],
    ['whose fields have other types', { country: 'GB', city: [1], subdivisions: { names: 1 }, location: true }],
  ])('gives no place for records %s', async (_, record) => {
    const { locator } = await locatorOf({ '81.2.69.0/24': record })
    expect(locator.locate('81.2.69.1')).toBeNull()
  })

  it('of IPv4 only never takes an IPv6 address for an IPv4 address', async () => {
    const { locator } = await locatorOf({ '32.1.0.0/16': london }, {}, 4)
    expect(locator.locate('32.1.2.3')?.city).toBe('London')
    expect(locator.locate('2001:200::1')).toBeNull()
  })

  it.each([
    ['missing', null],
    ['empty', Buffer.alloc(0)],
    ['cut short', mmdb({ '81.2.69.0/24': london }).subarray(0, 500)],
    ['without its beginning', mmdb({ '81.2.69.0/24': london }).subarray(300)],
    ['packed', Buffer.from([0x1f, 0x8b, 8, 0])],
  ])('stops the start when it is %s', async (_, bytes) => {
    const file = temporaryFile()
    if (bytes) writeFileSync(file, bytes)
    await expect(openLocator({ file, log: silent() })).rejects.toThrow(file)
  })

  it('costs a visit its place, not its redirect, when a record is damaged', async () => {
    const file = temporaryFile()
    const bytes = mmdb({ '81.2.69.0/24': london, '81.2.70.0/24': london })
    // A pointer far beyond the end of the file, where the first record began.
    bytes.fill(0x3f, bytes.indexOf('city') - 2, bytes.indexOf('city') + 4)
    writeFileSync(file, bytes)
    const log = silent()
    const locator = await opened({ file, log })
    expect(locator.locate('81.2.69.1')).toBeNull()
    expect(locator.locate('81.2.69.1')).toBeNull()
    expect(locator.locate('81.2.70.1')?.city).toBe('London')
    expect(log.warn).toHaveBeenCalledTimes(1)
  })
})

describe('a file that is replaced while the server runs', () => {
  const paris = { ...london, city: { names: { en: 'Paris' } } }

  it('answers with the new content after a rename over it, as geoipupdate does', async () => {
    const { locator, file } = await locatorOf({ '81.2.69.0/24': london })
    expect(locator.locate('81.2.69.1')?.city).toBe('London')
    replace(file, mmdb({ '81.2.69.0/24': paris }))
    await expect.poll(() => locator.locate('81.2.69.1')?.city).toBe('Paris')
  })

  it('answers with the old content and logs when the new one is broken, then takes the next good one', async () => {
    const log = silent()
    const { locator, file } = await locatorOf({ '81.2.69.0/24': london }, { log })
    replace(file, mmdb({ '81.2.69.0/24': paris }).subarray(0, 700))
    await expect.poll(() => log.warn).toHaveBeenCalled()
    expect(locator.locate('81.2.69.1')?.city).toBe('London')
    replace(file, mmdb({ '81.2.69.0/24': paris }))
    await expect.poll(() => locator.locate('81.2.69.1')?.city).toBe('Paris')
  })

  it('keeps answering while the file is gone', async () => {
    const log = silent()
    const { locator, file } = await locatorOf({ '81.2.69.0/24': london }, { log })
    const noticed = vi.fn()
    watchFile(file, { interval: 10, persistent: false }, noticed)
    onTestFinished(() => unwatchFile(file, noticed))
    rmSync(file)
    await expect.poll(() => noticed).toHaveBeenCalled()
    expect(locator.locate('81.2.69.1')?.city).toBe('London')
    replace(file, mmdb({ '81.2.69.0/24': paris }))
    await expect.poll(() => locator.locate('81.2.69.1')?.city).toBe('Paris')
    expect(log.warn).not.toHaveBeenCalled()
  })
})

function silent() {
  return { info: vi.fn(), warn: vi.fn() }
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'smart-link-location-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'city.mmdb')
}

async function opened(options: LocatorOptions): Promise<Locator> {
  const locator = await openLocator({ pollMilliseconds: 10, ...options })
  onTestFinished(() => locator.close())
  return locator
}

async function locatorOf(networks: MmdbNetworks, options: LocatorOptions = {}, ipVersion: 4 | 6 = 6) {
  const file = temporaryFile()
  writeFileSync(file, mmdb(networks, ipVersion))
  return { file, locator: await opened({ file, log: silent(), ...options }) }
}

function replace(file: string, bytes: Buffer) {
  writeFileSync(`${file}.new`, bytes)
  renameSync(`${file}.new`, file)
}
