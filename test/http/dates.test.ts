import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDateRange, parseInstant } from '../../src/http/dates.js'
import { formatTime } from '../../src/http/time.js'

const zones = ['UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia']

describe('a time of a query', () => {
  it.each([
    [
      '2026-03-29 02:59:59',
      'Europe/Berlin',
      '2026-03-29T01:59:59.000Z',
      'the hour that is left out, by the clocks before',
    ],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', 'a date, from its beginning'],
    [
      '2010-11-07 00:05:00',
      'America/St_Johns',
      '2010-11-07T03:35:00.000Z',
      'clocks that are changed a minute past midnight',
    ],
    [
      '2026-04-05 02:10:00',
      'Australia/Lord_Howe',
      '2026-04-04T15:40:00.000Z',
      'clocks that are changed by half an hour',
    ],
    ['9999-12-31 23:59:59', 'Asia/Kolkata', '9999-12-31T18:29:59.000Z', 'the last second that has four digits'],
    ['9999-12-31 23:59:59', 'America/New_York', '+010000-01-01T04:59:59.000Z', 'the same, where it is later'],
    ['9999-12-31T23:59:59+05:30', 'Europe/Berlin', '9999-12-31T18:29:59.000Z', 'with an offset of its own'],
    ['2026-11-23T05:14:52.123456Z', 'Asia/Kathmandu', '2026-11-23T05:14:52.123Z', 'in UTC, to the millisecond'],
  ])('%s in %s is %s: %s', (text, zone, instant) => {
    expect(parseInstant(text, zone)?.toISOString()).toBe(instant)
  })

  it.each([
    ['2026-01-31 12:00:00+00', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31 12:00:00-03', '2026-01-31T15:00:00.000Z'],
    ['2026-01-31 12:00:00+05:30', '2026-01-31T06:30:00.000Z'],
    ['2026-01-31 12:00:00+0530', '2026-01-31T06:30:00.000Z'],
    ['2026-01-31 12:00:00.5+00', '2026-01-31T12:00:00.500Z'],
    ['2026-01-31 12:00:00.285714+00', '2026-01-31T12:00:00.285Z'],
    ['2026-01-31 12:00:00.123456789+02', '2026-01-31T10:00:00.123Z'],
    ['2026-01-31 12:00:00+00:19:32', '2026-01-31T11:40:28.000Z'],
    ['2026-01-31T12:00:00+00', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31 12:00+01', '2026-01-31T11:00:00.000Z'],
    ['2026-01-31 12:00:00 +0100', '2026-01-31T11:00:00.000Z'],
    ['2026-01-31 12:00:00 Z', '2026-01-31T12:00:00.000Z'],
    // A plus sign that nobody encoded.
    ['2026-01-31 12:00:00 00', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31 12:00:00.25 05:30', '2026-01-31T06:30:00.250Z'],
    ['2026-01-31 12:00:00.25', '2026-01-31T03:00:00.250Z'],
  ])('%s is read as PostgreSQL writes it', (text, instant) => {
    expect(parseInstant(text, 'Asia/Tokyo')?.toISOString()).toBe(instant)
  })

  it.each([
    '2026-01-31 12:00:00+',
    '2026-01-31 12:00:00+0',
    '2026-01-31 12:00:00+000',
    '2026-01-31 12:00:00+16',
    '2026-01-31 12:00:00+99:99',
    '2026-01-31 12:00:00+05:60',
    '2026-01-31 12:00:00 ',
    '2026-01-31+00',
    '2026-01-31 12:00:00.+00',
    'infinity',
  ])('%s is none', (text) => {
    expect(parseInstant(text, 'UTC')).toBeNull()
  })

  it('is the instant at which clocks of the zone show it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.date({ min: new Date(0), max: new Date('9999-12-30'), noInvalidDate: true }),
        (zone, date) => {
          const text = formatTime(date, zone)
          fc.pre(text >= '1970')
          expect(formatTime(parseInstant(text, zone) as Date, zone)).toBe(text)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

it.each(zones)('a range of dates may end with the last there is: %s', (zone) => {
  const range = parseDateRange('2020-01-01 - 9999-12-31', zone)
  expect(range?.from).toEqual(parseInstant('2020-01-01', zone))
  expect(formatTime(range?.to as Date, zone)).toBe('10000-01-01 00:00:00')
})

it('a range may have ends as PostgreSQL writes them', () => {
  const range = parseDateRange('2026-01-31 12:00:00+00 - 2026-01-31 12:00:01.5-03', 'Asia/Tokyo')
  expect(range).toEqual({ from: new Date('2026-01-31T12:00:00Z'), to: new Date('2026-01-31T15:00:02.500Z') })
})
