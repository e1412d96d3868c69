import { describe, expect, it } from 'vitest'
import { openCsv } from '../../src/csv/open.js'
import { declaredSeparator } from '../../src/csv/separator.js'
import { inChunks } from '../support/text-file.js'

const isNumber = (cell: string) => /^\d{5,}$/.test(cell.trim())
const separatorOf = async (text: string) => (await openCsv(inChunks(text), { isWanted: isNumber })).separator

describe('the separator is told by the rows', () => {
  it.each([
    ['two columns and one row', 'name;mobile\nAnn;447700900801', ';'],
    ['a decimal comma in each row', 'mobile;amount\n447700900801;12,50\n447700900802;3,99\n', ';'],
    ['a decimal comma in each row, and no names', '447700900801;12,50\n447700900802;3,99\n', ';'],
    [
      'a family name, a comma and a first name',
      'Last, First;Mobile\nSmith, Ann;447700900801\nLee, Bo;447700900802\n',
      ';',
    ],
    ['commas in quoted cells only', 'mobile\tnote\n447700900801\t"a, b, c"\n447700900802\td\n', '\t'],
    ['semicolons in quoted cells', 'mobile,note\n447700900801,"a; b; c"\n447700900802,"d; e; f"\n', ','],
    ['line breaks in quoted cells', 'note|mobile\n"a,\nb, c"|447700900801\n', '|'],
    ['prose with commas', 'phone|text\n447700900801|Hi, see our offer, Ann\n447700900802|Hi\n', '|'],
    ['one cell with the other separator', 'a,b\n1,x;y\n2,z\n', ','],
    ['a single column', 'mobile\n447700900801\n447700900802\n', ','],
    ['nothing but its names', 'mobile;message_id\n', ';'],
    ['empty cells and empty lines', '\n;;\nmobile;id;\n\n447700900801;;\n', ';'],
  ])('%s', async (_, text, separator) => {
    expect(await separatorOf(text)).toBe(separator)
    expect(await separatorOf(text.replaceAll('\n', '\r'))).toBe(separator)
  })
})

it('reads lines that are one quoted cell each as what is in them', async () => {
  const wrapped = '"mobile;name"\r\n"447700900801;""Lee; Ann"""\r\n\r\n"447700900802;Bob",,,\r\n'
  const { separator, sample } = await openCsv(inChunks(wrapped), { isWanted: isNumber })
  expect([separator, ...sample.map((line) => 'value' in line && line.value)]).toEqual([
    ';',
    'mobile;name',
    '447700900801;"Lee; Ann"',
    '',
    '447700900802;Bob',
  ])
  const cells = '"mobile"\n"447700900801"\n'
  expect((await openCsv(inChunks(cells), { isWanted: isNumber })).sample).toMatchObject([
    { value: 'mobile' },
    { value: '447700900801' },
  ])
})

describe('a line that declares the separator', () => {
  it.each([
    ['sep=;', ';'],
    ['SEP=,', ','],
    ['sep=\t', '\t'],
    ['sep=\\t', '\t'],
    ['sep=|', '|'],
    ['sep=^', '^'],
    ['"sep=;"', ';'],
    ['sep=";"', ';'],
    ['sep=;;;', ';'],
    ['"sep=,",,', ','],
    ['sep=', null],
    ['sep=x', null],
    ['separator;mobile', null],
    ['sep=;mobile', null],
  ])('%j says %j', (line, separator) => {
    expect(declaredSeparator(line)).toBe(separator)
  })

  it('is no row, whatever mark and line end it has', async () => {
    for (const file of ['sep=;\r\nmobile;name\r\n', '\uFEFF"sep=;"\rmobile;name\r', 'sep=;\nmobile;name']) {
      const { sample, separator, declared } = await openCsv(inChunks(file))
      expect([separator, declared]).toEqual([';', ';'])
      expect(sample).toMatchObject([{ line: 2, value: 'mobile;name' }])
    }
  })

  it('decides where rows would fit both, and nothing where it makes no cells', async () => {
    expect(await separatorOf('sep=,\n447700900801;5,1\n447700900802;6,2\n')).toBe(',')
    expect(await separatorOf('sep=,\nmobile;name\n447700900801;Ann\n')).toBe(';')
    expect(await separatorOf('sep=^\nmobile^name\n447700900801^Ann, Bo\n')).toBe('^')
  })

  it('counts in the first line only', async () => {
    expect((await openCsv(inChunks('mobile;name\nsep=;\n'))).sample).toHaveLength(2)
  })
})
