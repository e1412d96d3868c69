import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvCells, csvRecord } from '../../src/csv/cells.js'
import { guarded, unguarded } from '../../src/csv/guard.js'
import { textLines } from '../../src/csv/lines.js'
import { csvRecords, type RecordOptions } from '../../src/csv/records.js'
import { strictRecords } from '../../src/csv/strict-records.js'
import { collect } from '../support/collect.js'
import { inChunks } from '../support/text-file.js'

const awkward = fc.string({ unit: fc.constantFrom(...'\'"=+-@\t\r\n,;a1é＝') })

const recordsOf = (text: string, options?: RecordOptions) => collect(csvRecords(textLines(inChunks(text, 7)), options))

/** What is read as [line, cells], [line, cells, fault] and [line, reason]. */
async function read(text: string, options?: RecordOptions) {
  return (await recordsOf(text, options)).map((record) => {
    if ('reason' in record) return [record.line, record.reason]
    return record.fault === null ? [record.line, record.cells] : [record.line, record.cells, record.fault]
  })
}

const unclosed = 'has a quote that is opened and not closed'
const undoubled = 'has a quote inside a quoted cell that is not doubled'

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

it('reads back every record it writes, with the line at which it begins', async () => {
  const row = fc.array(awkward, { minLength: 2, maxLength: 2 }).filter((cells) => cells.join('').trim() !== '')
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 4 }), async (rows) => {
      const texts = rows.map((cells) => csvRecord(cells))
      const read = await recordsOf(texts.join(''))
      const linesBefore = texts.map(
        (_, at) =>
          texts
            .slice(0, at)
            .join('')
            .split(/\r\n|\r|\n/).length,
      )
      expect(read).toEqual(
        rows.map((cells, at) => ({ line: linesBefore[at], row: at + 1, cells, fault: null, isCut: false })),
      )
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

it('takes quotes inside of cells that do not begin with one for what they are, as other readers do', () => {
  for (const record of [`6" pipe,5'10" tall,a"b"c`, '="447700900801",Ann', `a,b "c, d"`]) {
    expect([csvCells(record)]).toEqual(parse(record, { relax_quotes: true }))
  }
})

it('passes over spaces around quoted cells', () => {
  expect(csvCells('1, "a, b" ,"c"\t, d')).toEqual(['1', 'a, b', 'c', ' d'])
})

describe('a quote that is not closed', () => {
  it('costs its line, not the lines up to the next quote', async () => {
    expect(await read('id,host\n1,"open\n2,two\n3,"thr""ee"\n4,"fo\nur"\n5,five\n')).toEqual([
      [1, ['id', 'host']],
      [2, ['1', '"open'], unclosed],
      [3, ['2', 'two']],
      [4, ['3', 'thr"ee']],
      [5, ['4', 'fo\nur']],
      [7, ['5', 'five']],
    ])
  })

  it('is named where its line cannot be read without it', async () => {
    expect(await read('a,b,c\n1,"x\n2,3,4\n')).toEqual([
      [1, ['a', 'b', 'c']],
      [2, unclosed],
      [3, ['2', '3', '4']],
    ])
    expect(await read('a,b\n"x, y')).toEqual([
      [1, ['a', 'b']],
      [2, ['"x', ' y'], unclosed],
    ])
  })

  it.each([
    ['in a row behind it', '2,"b",c'],
    ['at the end of a row', '2,b,"c"'],
    ['around a whole row', '"2","b","c"'],
    ['and an empty one', '2,"",c'],
  ])('is found though quotes follow, %s', async (_, row) => {
    const [names, broken, , after] = await read(`a,b,c\n1,"x,y\n${row}\n3,d,e\n`)
    expect([names, broken, after]).toEqual([
      [1, ['a', 'b', 'c']],
      [2, ['1', '"x', 'y'], unclosed],
      [4, ['3', 'd', 'e']],
    ])
  })

  it('is found though it is closed in another row by chance, where rows can be told', async () => {
    const looksLikeRow = (cells: string[]) => cells.some((cell) => /^\d{5}$/.test(cell))
    expect(await read('a,b,c\n11111,"x,y\n22222,b",c\n33333,d,e\n', { looksLikeRow })).toEqual([
      [1, ['a', 'b', 'c']],
      [2, ['11111', '"x', 'y'], unclosed],
      [3, ['22222', 'b"', 'c']],
      [4, ['33333', 'd', 'e']],
    ])
    expect(await read('a,b\n11111,"Hello\nAnn, how are you?\n"\n22222,x', { looksLikeRow })).toEqual([
      [1, ['a', 'b']],
      [2, ['11111', 'Hello\nAnn, how are you?\n']],
      [5, ['22222', 'x']],
    ])
  })

  it('inside a quoted cell is told from one that is never closed', async () => {
    expect(await read('a,b\n1,"say "hi" to me"\n2,x\n')).toEqual([
      [1, ['a', 'b']],
      [2, ['1', '"say "hi" to me"'], undoubled],
      [3, ['2', 'x']],
    ])
  })

  it('takes no longer in a file that has one in every row', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => `${at}","a","b`)
    const records = await recordsOf(`x,y,z\n${rows.join('\n')}\n`)
    expect(records.filter((record) => 'fault' in record && record.fault !== null)).toHaveLength(20_000)
  })

  it('survives 300,000 empty lines behind it', async () => {
    expect(await read(`a,b\n1,"x${'\n'.repeat(300_000)}2,y`)).toEqual([
      [1, ['a', 'b']],
      [2, ['1', '"x'], unclosed],
      [300_002, ['2', 'y']],
    ])
  })
})

it('gives records of any width, and says which one the file ends in', async () => {
  expect(await recordsOf('id,host\r\n\r\n1\r2,two,three\n3')).toEqual([
    { line: 1, row: 1, cells: ['id', 'host'], fault: null, isCut: false },
    { line: 3, row: 3, cells: ['1'], fault: null, isCut: false },
    { line: 4, row: 4, cells: ['2', 'two', 'three'], fault: null, isCut: false },
    { line: 5, row: 5, cells: ['3'], fault: null, isCut: true },
  ])
})

it('refuses records that are not as wide as the header where they must be', async () => {
  expect(await collect(strictRecords(inChunks('id,host\r\n1\r\n2,"two\r\n3,three\r\n')))).toEqual([
    { line: 1, value: ['id', 'host'] },
    { line: 2, reason: 'has 1 cells where the header has 2' },
    { line: 3, reason: unclosed },
    { line: 4, value: ['3', 'three'] },
  ])
})
