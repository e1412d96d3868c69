import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZoneClock } from '../../../src/http/zone-clock.js'
import { Calendar, mostBuckets } from '../../../src/visits/statistics/calendar.js'
import type { Interval } from '../../../src/visits/statistics/dimensions.js'

function starts(zone: string, interval: Interval, from: string, to: string): string[] | undefined {
  const calendar = new Calendar(new ZoneClock(zone), interval)
  const buckets = calendar.buckets(Date.parse(from), Date.parse(to))
  return buckets?.map((bucket) => new Date(calendar.startOf(bucket)).toISOString().slice(0, 16))
}

describe('buckets', () => {
  it.each<[string, string, Interval, string, string, string[]]>([
    [
      'an hour that clocks show for half an hour only, by each of them',
      'Australia/Lord_Howe',
      'hour',
      '2026-04-04T14:10:00Z',
      '2026-04-04T16:00:00Z',
      ['2026-04-04T14:00', '2026-04-04T15:00', '2026-04-04T15:30'],
    ],
    [
      'hours that begin at half past, over the end of a year',
      'Asia/Kolkata',
      'hour',
      '2025-12-31T22:40:00Z',
      '2026-01-01T01:29:59Z',
      ['2025-12-31T22:30', '2025-12-31T23:30', '2026-01-01T00:30'],
    ],
    [
      'a day without a midnight',
      'America/Sao_Paulo',
      'day',
      '2018-11-03T12:00:00Z',
      '2018-11-05T12:00:00Z',
      ['2018-11-03T03:00', '2018-11-04T03:00', '2018-11-05T02:00'],
    ],
    [
      'no day where a zone went to the other side of the date line',
      'Pacific/Apia',
      'day',
      '2011-12-29T12:00:00Z',
      '2011-12-31T12:00:00Z',
      ['2011-12-29T10:00', '2011-12-30T10:00', '2011-12-31T10:00'],
    ],
    [
      'clocks that are changed a minute past midnight',
      'America/St_Johns',
      'hour',
      '2009-11-01T02:00:00Z',
      '2009-11-01T03:30:00Z',
      ['2009-11-01T01:30', '2009-11-01T02:30', '2009-11-01T02:31', '2009-11-01T03:30'],
    ],
    [
      'months of a zone that is three quarters of an hour off',
      'Asia/Kathmandu',
      'month',
      '2025-11-30T18:14:59.999Z',
      '2025-12-31T18:15:00Z',
      ['2025-10-31T18:15', '2025-11-30T18:15', '2025-12-31T18:15'],
    ],
    [
      'weeks before 1970',
      'UTC',
      'week',
      '1969-12-28T23:59:59Z',
      '1970-01-05T00:00:00Z',
      ['1969-12-22T00:00', '1969-12-29T00:00', '1970-01-05T00:00'],
    ],
  ])('know %s', (_, zone, interval, from, to, expected) => {
    expect(starts(zone, interval, from, to)).toEqual(expected)
  })

  it('are no more than can be shown', () => {
    expect(starts('Europe/Berlin', 'day', '2000-01-01T00:00:00Z', '2005-06-22T12:00:00Z')).toHaveLength(mostBuckets)
    expect(starts('Europe/Berlin', 'day', '2000-01-01T00:00:00Z', '2005-06-23T12:00:00Z')).toBeUndefined()
    expect(starts('Europe/Berlin', 'hour', '2026-01-01T00:00:00Z', '2026-03-25T07:59:59Z')).toHaveLength(mostBuckets)
    expect(starts('Europe/Berlin', 'hour', '2026-01-01T00:00:00Z', '2026-03-25T08:00:00Z')).toBeUndefined()
    expect(starts('Europe/Berlin', 'month', '1970-01-01T00:00:00Z', '9999-01-01T00:00:00Z')).toBeUndefined()
  })

  it('are the same in whatever order times come', () => {
    const zones = ['UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe']
    const time = fc.integer({ min: Date.UTC(2025, 11, 28), max: Date.UTC(2026, 0, 5) })
    const year = fc.integer({ min: Date.UTC(2009, 0), max: Date.UTC(2010, 11) })
    const times = fc.array(fc.oneof(time, year), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom('hour', 'day'),
        times,
        (zone, interval: Interval, asked) => {
          const calendar = new Calendar(new ZoneClock(zone), interval)
          const alone = asked.map((time) => new Calendar(new ZoneClock(zone), interval).bucketOf(time))
          expect(asked.map((time) => calendar.bucketOf(time))).toEqual(alone)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
