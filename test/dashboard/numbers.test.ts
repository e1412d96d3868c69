import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatCompact, formatNumber, formatShare } from '../../src/dashboard/numbers.js'

const counts = fc.oneof(
  fc.nat(2_000_000),
  fc.nat({ max: 1e14 }),
  fc.tuple(fc.nat(14), fc.nat(99)).map(([power, more]) => 10 ** power + more),
)

it('writes numbers as English does', () => {
  const whole = new Intl.NumberFormat('en')
  const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
  fc.assert(
    fc.property(counts, (count) => {
      expect(formatNumber(count)).toBe(whole.format(count))
      expect(formatCompact(count)).toBe(compact.format(count))
    }),
    { numRuns: 20_000 },
  )
})

it('writes a share with one digit after the point where it is below a tenth, and none of nothing', () => {
  const shown = (part: number, whole: number) => formatShare(part, whole)
  expect([shown(0, 9), shown(1, 3), shown(2, 31), shown(1, 5_000), shown(9, 9)]).toEqual([
    '0%',
    '33%',
    '6.5%',
    '0%',
    '100%',
  ])
  expect([shown(994, 10_000), shown(996, 10_000), shown(0, 0)]).toEqual(['9.9%', '10%', '–'])
})
