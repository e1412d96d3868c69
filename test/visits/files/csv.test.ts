import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { csvHeader, csvText, guarded, unguarded } from '../../../src/visits/files/csv.js'
import { csvCells, csvRecords } from '../../../src/visits/files/csv-records.js'
import { csvRows } from '../../../src/visits/files/csv-rows.js'
import { fileLines } from '../../../src/visits/files/file-lines.js'
import { wireKeys } from '../../../src/visits/files/wire-keys.js'
import { collect } from '../../support/collect.js'

const awkward = fc.string({ unit: fc.constantFrom(...'\'"=+-@\t\r\n,;a1é＝') })

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function recordsOf(text: string) {
  return collect(csvRecords(fileLines(chunks(Buffer.from(text), 7))))
}

it('writes no cell that a spreadsheet runs as a formula', () => {
  fc.assert(fc.property(awkward, (cell) => !/^[=+\-@\t\r]/.test(guarded(cell))))
})

it('takes back the guard of a cell, whatever the cell begins with', () => {
  fc.assert(fc.property(awkward, (cell) => unguarded(guarded(cell)) === cell))
})

it.each([
  ['=1+1', "'=1+1"],
  ["'=1+1", "''=1+1"],
  ["'quoted'", "'quoted'"],
  ['-33.9', "'-33.9"],
  ['plain', 'plain'],
])('guards %s as %s', (cell, written) => {
  expect(guarded(cell)).toBe(written)
})

it('reads back every record it writes, in chunks of any size', async () => {
  const row = fc.uniqueArray(fc.tuple(fc.constantFrom(...wireKeys), awkward), { selector: ([key]) => key })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 4 }), fc.integer({ min: 1, max: 64 }), async (rows, size) => {
      const written = rows.map((cells) => Object.fromEntries(cells.filter(([key]) => key !== 'options')))
      const file = Buffer.from(csvHeader() + csvText(written))
      const read = await collect(csvRows(fileLines(chunks(file, size))))
      const whole = (given: Record<string, unknown>) =>
        Object.fromEntries(wireKeys.map((key) => [key, given[key] || null]))
      expect(read.map((record) => 'value' in record && record.value)).toEqual(written.map(whole))
    }),
  )
})

it('reads cells as other readers of RFC 4180 do', () => {
  const written = fc.array(
    awkward.map((cell) => `"${cell.replaceAll('"', '""')}"`),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(written, (cells) => {
      const record = cells.join(',')
      expect([csvCells(record)]).toEqual(parse(record))
    }),
  )
})

it('loses only the record with a stray quote, not the lines up to the next quote', async () => {
  const records = await recordsOf('id,host\n1,"open\n2,two\n3,"thr""ee"\n4,"fo\nur"\n5,five\n')
  expect(records).toEqual([
    { line: 1, value: ['id', 'host'] },
    { line: 2, reason: 'has a quote that is not closed, not doubled or not at the edge of its cell' },
    { line: 3, value: ['2', 'two'] },
    { line: 4, value: ['3', 'thr"ee'] },
    { line: 5, value: ['4', 'fo\nur'] },
    { line: 7, value: ['5', 'five'] },
  ])
})

it('says how many cells a record has when they are not those of the header', async () => {
  const records = await recordsOf('id,host\r\n1\r\n2,two\r\n')
  expect(records.slice(1)).toEqual([
    { line: 2, reason: 'has 1 cells where the header has 2' },
    { line: 3, value: ['2', 'two'] },
  ])
})

it.each([
  ['id,colour\n', 'line 1: the header names an unknown column "colour"'],
  ['id,id\n', 'line 1: the header names the column id twice'],
])('refuses a file whose header is wrong instead of each of its lines', async (text, message) => {
  await expect(collect(csvRows(fileLines(chunks(Buffer.from(text), 64))))).rejects.toThrow(message)
})
