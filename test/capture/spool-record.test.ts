import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeSegment, encodeRecord, type SpooledVisit } from '../../src/capture/spool-record.js'
import { chromeOnMac, newVisit } from '../support/visits.js'

const shortVisit = (id: string): SpooledVisit => ({
  ownerId: 7,
  visit: newVisit(20, { id, visitId: id, userAgent: { ...chromeOnMac, userAgent: 'x' }, place: null }),
})
const three = ['a', 'b', 'c'].map(shortVisit)
const lines = three.map(encodeRecord)
const file = Buffer.concat(lines)
const starts = lines.map((_, n) => lines.slice(0, n).reduce((sum, { length }) => sum + length, 0))

it('gives back what was written, whatever a visit holds', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, fc.date({ noInvalidDate: true }))), (facts) => {
      const visits = facts.map(([userAgent, queryString, createdAt], n) => ({
        ownerId: n + 1,
        visit: newVisit(20, { queryString, createdAt, userAgent: { ...chromeOnMac, userAgent } }),
      }))
      const content = decodeSegment(Buffer.concat(visits.map(encodeRecord)))
      expect(content).toEqual({ visits, foreign: [], damaged: [], tornBytes: 0 })
    }),
  )
})

it('cuts off an unfinished record at every length of the file, and keeps all before it', () => {
  for (let length = 0; length < file.length; length += 1) {
    const { visits, damaged, tornBytes } = decodeSegment(file.subarray(0, length))
    // The line break is not needed.
    const whole = lines.filter((line, n) => (starts[n] ?? 0) + line.length - 1 <= length).length
    expect(visits).toEqual(three.slice(0, whole))
    expect(damaged).toEqual([])
    expect(tornBytes).toBe(Math.max(0, length - (starts[whole] ?? length)))
  }
})

it('loses one record when any one byte is changed, and keeps its bytes', () => {
  for (let at = 0; at < file.length; at += 1) {
    const changed = Buffer.from(file)
    changed[at] = (file[at] ?? 0) ^ (1 + (at % 255))
    const hit = starts.findLastIndex((start) => start <= at)
    const { visits, damaged, tornBytes } = decodeSegment(changed)
    for (const [n, one] of three.entries()) if (n !== hit) expect(visits).toContainEqual(one)
    for (const visit of visits) expect(three).toContainEqual(visit)
    expect(visits.length + damaged.length + (tornBytes > 0 ? 1 : 0)).toBeGreaterThanOrEqual(3)
  }
})

it('keeps every record that overwritten bytes do not touch, in order, and every byte that is none', () => {
  const overwritten = fc.record({ at: fc.nat(file.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }) })
  fc.assert(
    fc.property(overwritten, ({ at, bytes }) => {
      const changed = Buffer.from(file)
      changed.set(bytes.subarray(0, file.length - at), at)
      const isTouched = (n: number) => {
        const from = starts[n] ?? 0
        const end = from + (lines[n]?.length ?? 0) - 1
        return !changed.subarray(from, end).equals(file.subarray(from, end))
      }
      const { visits, damaged, tornBytes } = decodeSegment(changed)
      expect(visits).toEqual(three.filter((_, n) => !isTouched(n)))
      const bad = Buffer.concat(damaged).length + tornBytes
      const kept = lines.filter((_, n) => !isTouched(n)).reduce((sum, { length }) => sum + length - 1, 0)
      const lineBreaks = file.length - kept - bad
      expect(lineBreaks).toBeGreaterThanOrEqual(0)
      expect(lineBreaks).toBeLessThanOrEqual(3)
    }),
    { numRuns: 500 },
  )
})

it('finds records again after any bytes were put in', () => {
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 100 }), (at, bytes) => {
      const { visits } = decodeSegment(Buffer.concat([file.subarray(0, at), bytes, file.subarray(at)]))
      expect(visits).toEqual(three)
    }),
  )
})

it('takes nothing for a record that a visitor wrote into a visit', () => {
  const forged = encodeRecord(shortVisit('forged')).toString()
  const line = encodeRecord({ ownerId: 1, visit: newVisit(20, { queryString: forged }) })
  line[0] = 'x'.charCodeAt(0)
  expect(decodeSegment(line).visits).toEqual([])
})
