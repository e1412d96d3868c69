import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseTarget } from '../../src/capture/rules.js'
import { type LinkRules, linkRules } from '../../src/links/rules.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { chromeOnMac, localhost, newVisit } from '../support/visits.js'

const own = 'https://example.com/own'
const schema = linkRules(['http', 'https'], 'UTC')

/** Rules as a request would say them, numbered by their targets: 0, 1, 2 …; null is the link's own. */
function taken(conditions: object[], visit: NewVisit): number | null {
  const rules: LinkRules = schema.parse(
    conditions.map((when, index) => ({ when, long_url: `https://example.com/${index}` })),
  )
  const target = chooseTarget({ longUrl: own, rules }, visit)
  return target === own ? null : Number(target.slice('https://example.com/'.length))
}

const at = (time: string) => newVisit(20, { createdAt: new Date(time) })

const visits = {
  mac: newVisit(20),
  german: newVisit(20, {
    browserLang: 'de',
    userAgent: { ...chromeOnMac, platform: 'iOS', deviceType: 'smartphone' },
    place: { ...localhost, countryCode: 'DE' },
  }),
  unknown: newVisit(20, {
    browserLang: null,
    userAgent: { ...chromeOnMac, platform: null, deviceType: null },
    place: null,
  }),
}

describe('a rule is met', () => {
  it.each<[object, (keyof typeof visits)[]]>([
    [{ device_type: 'desktop' }, ['mac']],
    [{ device_type: ['Tablet', 'SMARTPHONE'] }, ['german']],
    [{ platform: 'mac' }, ['mac']],
    [{ country_code: ['at', 'de'] }, ['german']],
    [{ browser_lang: 'EN' }, ['mac']],
    [{ browser_lang: ['en', 'de'] }, ['mac', 'german']],
    [{ browser_lang: ['en', 'de'], device_type: 'smartphone', platform: 'iOS', country_code: 'DE' }, ['german']],
    [{ browser_lang: 'en', country_code: 'DE' }, []],
    [{ browser_lang: 'de', country_code: null }, ['german']],
  ])('when all its conditions are, and not by what is not known: %j', (when, meeting) => {
    const met = Object.entries(visits).filter(([, visit]) => taken([when], visit) === 0)
    expect(met.map(([name]) => name)).toEqual(meeting)
  })

  it.each<[object, string, boolean]>([
    [{ from: '2026-02-01' }, '2026-01-31T23:59:59.999Z', false],
    [{ from: '2026-02-01' }, '2026-02-01T00:00:00Z', true],
    [{ to: '2026-02-01T00:00:00+01:00' }, '2026-01-31T22:59:59.999Z', true],
    [{ to: '2026-02-01T00:00:00+01:00' }, '2026-01-31T23:00:00Z', false],
  ])('from an instant on, and before another: %j at %s', (when, time, isMet) => {
    expect(taken([when], at(time))).toBe(isMet ? 0 : null)
  })
})

describe('the first rule that is met', () => {
  const value = <T>(...all: T[]) => fc.option(fc.subarray(all, { minLength: 1 }), { nil: undefined })
  const when = fc
    .record({
      device_type: value('desktop', 'smartphone', 'tv'),
      platform: value('Mac', 'iOS'),
      country_code: value('DE', 'IN', 'US'),
      browser_lang: value('de', 'en'),
    })
    .filter((conditions) => Object.values(conditions).some((wanted) => wanted !== undefined))
  const visit = fc.record({
    device_type: fc.constantFrom('desktop', 'smartphone', 'tv', null),
    platform: fc.constantFrom('Mac', 'iOS', null),
    country_code: fc.constantFrom('DE', 'IN', 'US', null),
    browser_lang: fc.constantFrom('de', 'en', null),
  })

  it('wins, and without one the link’s own target does', () => {
    fc.assert(
      fc.property(fc.array(when, { maxLength: 6 }), visit, (conditions, facts) => {
        const first = conditions.findIndex((wanted) =>
          Object.entries(wanted).every(([name, values]) => {
            const fact = facts[name as keyof typeof facts]
            return values === undefined || (fact !== null && (values as string[]).includes(fact))
          }),
        )
        const click = newVisit(20, {
          browserLang: facts.browser_lang,
          userAgent: { ...chromeOnMac, deviceType: facts.device_type, platform: facts.platform },
          place: { ...localhost, countryCode: facts.country_code },
        })
        expect(taken(conditions, click)).toBe(first === -1 ? null : first)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a time of day', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia']
  const clock = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))
  /** Years with every change of the clocks, and the nights around one. */
  const instant = fc.oneof(
    fc.date({ min: new Date('2024-01-01'), max: new Date('2028-01-01'), noInvalidDate: true }),
    fc.date({ min: new Date('2026-03-28T18:00Z'), max: new Date('2026-03-30T06:00Z'), noInvalidDate: true }),
    fc.date({ min: new Date('2026-10-24T18:00Z'), max: new Date('2026-10-26T06:00Z'), noInvalidDate: true }),
  )

  it('is that of the clocks there, also past midnight, on the weekday it begins on', () => {
    fc.assert(
      fc.property(
        instant,
        fc.constantFrom(...zones),
        clock,
        fc.oneof(clock, fc.constant('24:00')),
        fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (createdAt, timezone, from, to, weekday) => {
          fc.pre(from !== to)
          const wall = wallClock(createdAt, timezone)
          const begins = from < to || wall.clock >= from ? wall.weekday : ((wall.weekday + 5) % 7) + 1
          const isIn = from < to ? from <= wall.clock && wall.clock < to : from <= wall.clock || wall.clock < to
          const click = newVisit(20, { createdAt })
          expect(taken([{ between: { from, to, timezone } }], click)).toBe(isIn ? 0 : null)
          const onDays = { between: { from, to, timezone }, weekday }
          expect(taken([onDays], click)).toBe(isIn && weekday.includes(begins) ? 0 : null)
        },
      ),
      { numRuns: 3000 },
    )
  })

  const night = { between: { from: '02:00', to: '03:00', timezone: 'Europe/Berlin' } }
  const minutesMet = (start: string) =>
    Array.from({ length: 24 * 60 }, (_, minute) => new Date(Date.parse(start) + minute * 60_000)).filter(
      (createdAt) => taken([night], newVisit(20, { createdAt })) === 0,
    ).length

  it('that the clocks skip is never, and one that they show twice lasts twice as long', () => {
    expect(['2026-03-27', '2026-03-28', '2026-10-24'].map((day) => minutesMet(`${day}T12:00Z`))).toEqual([60, 0, 120])
  })

  it('past midnight on a Friday is Friday’s still', () => {
    const friday = { between: { from: '22:00', to: '04:00', timezone: 'Europe/Berlin' }, weekday: '5' }
    const times = ['2026-01-02T03:00', '2026-01-02T23:00', '2026-01-03T03:59', '2026-01-03T04:00', '2026-01-03T23:00']
    expect(times.map((time) => taken([friday], at(`${time}+01:00`)))).toEqual([null, 0, 0, null, null])
  })
})

/** As the calendar has it, in other words than the code's. */
function wallClock(time: Date, timeZone: string): { clock: string; weekday: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(time)
  const part = (type: string) => parts.find((found) => found.type === type)?.value ?? ''
  const weekday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday')) + 1
  return { clock: `${part('hour')}:${part('minute')}`, weekday }
}
