import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askedDelayMs, retryDelayMs } from '../../src/webhooks/retry.js'

const halfHourMs = 1_800_000

describe('the pause before the next try', () => {
  const attempts = fc.integer({ min: 1, max: 5000 })
  const baseMs = fc.integer({ min: 1, max: 99_999 })
  const random = fc.double({ min: 0, max: 1, noNaN: true })

  it('is anything up to a limit that doubles each time, up to half an hour', () => {
    fc.assert(
      fc.property(attempts, baseMs, random, (attempts, baseMs, chance) => {
        const delay = retryDelayMs({ attempts, baseMs, random: () => chance })
        const limit = Math.min(baseMs * 2 ** (attempts - 1), halfHourMs)
        expect(delay).toBe(Math.round(chance * limit))
      }),
    )
  })

  it('is no shorter than the receiver asks for, up to an hour, and no longer than both', () => {
    fc.assert(
      fc.property(attempts, baseMs, random, fc.nat(10_000_000), (attempts, baseMs, chance, askedMs) => {
        const own = retryDelayMs({ attempts, baseMs, random: () => chance })
        const delay = retryDelayMs({ attempts, baseMs, askedMs, random: () => chance })
        expect(delay).toBe(Math.max(own, Math.min(askedMs, 2 * halfHourMs)))
      }),
    )
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-01-31T12:00:00Z')

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Sat, 31 Jan 2026 12:01:00 GMT', 60_000],
    ['Sat, 31 Jan 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['-1', null],
    ['1.5', null],
    ['2026-01-31', null],
    ['9999999999', null],
    ['', null],
    [undefined, null],
  ])('%s means %s milliseconds', (header, delay) => expect(askedDelayMs(header, now)).toBe(delay))
})
