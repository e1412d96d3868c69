import { describe, expect, it } from 'vitest'
import { csvHeader, csvText } from '../../src/visits/files/csv.js'
import { fileBytes } from '../support/text-file.js'
import { wireRow } from '../support/wire-row.js'
import { guessOf, recipientsOf } from './recipients-of.js'

const mobiles = ['447700900801', '447700900802', '447700900803']

/** A header and a row for each number, with what is beside it. */
function file(separator: string, beside: string[], end = '\n'): string {
  const rows = mobiles.map((mobile, at) => [mobile, beside[at]].join(separator))
  return [['mobile', 'name'].join(separator), ...rows].join(end) + end
}

describe('each number is read once', () => {
  it.each([
    ['two columns and semicolons', file(';', ['Ann', 'Bob', 'Cid'], '\r\n')],
    ['tabs', file('\t', ['Ann', 'Bob, Jr', 'Cid'])],
    ['strokes', file('|', ['Ann', 'Bob', 'Cid'])],
    ['a decimal comma in each row', file(';', ['12,50', '3,99', '1,00'])],
    ['separators and line breaks in quoted cells', file(',', ['"Lee, Ann"', '"a\r\nb, c"', '"""Cid"""'])],
    ['quotes in the middle of cells', file(',', [`6'2" tall`, 'Bob "Bobby" Lee', 'Cid'])],
    ['a declared separator', `sep=;\r\n${file(';', ['Ann', 'Bob', 'Cid'], '\r\n')}`],
    ['line ends of old Macs', file(';', ['Ann', 'Bob', 'Cid'], '\r')],
    ['mixed line ends', 'mobile;name\r447700900801;Ann\n447700900802;Bob\r\n447700900803;Cid'],
    [
      'empty lines and empty rows',
      '\n\nmobile;name\n;\n447700900801;\n\n  \n447700900802;Bob\n;;;\n447700900803;Cid\n\n',
    ],
    ['no names', 'Ann;447700900801\nBob;447700900802\nCid;447700900803\n'],
    ['no names and one column', '447700900801\n447700900802\n447700900803'],
    ['whole rows in quotes', '"mobile;name"\n"447700900801;Ann"\n"447700900802;""Bob"""\n"447700900803;Cid"\n'],
    [
      'a title above the names',
      'Customers of May\n\nName;Mobile\nAnn;447700900801\nBob;447700900802\nCid;447700900803\n',
    ],
    ['cells that a spreadsheet drops at the end', 'mobile;a;b\n447700900801;1;2\n447700900802\n447700900803;1\n'],
    ['separators behind the last column', 'mobile;a\n447700900801;1;;\n447700900802;1;;\n447700900803;1;;\n'],
    [
      'a comma in a text without quotes',
      'phone,text\n447700900801,Hi\n447700900802,"Hi"\n447700900803,Hi, see our offer\n',
    ],
  ])('with %s', async (_, text) => {
    for (const encoding of ['UTF-8', 'UTF-16LE', 'UTF-16BE'] as const) {
      expect((await recipientsOf(fileBytes(text, encoding))).mobiles, encoding).toEqual(mobiles)
      expect((await recipientsOf(fileBytes(`\uFEFF${text}`, encoding))).mobiles, encoding).toEqual(mobiles)
    }
  })
})

it('says that a file is Windows-1252, and keeps the letters of its ids', async () => {
  const { file, recipients } = await recipientsOf(fileBytes('mobile;message_id\n447700900801;grün-1\n', 'latin1'))
  expect([file.text.windowsLines(), file.text.hasUtf8()]).toEqual([1, false])
  expect(recipients).toEqual([{ mobile: '447700900801', message_id: 'grün-1', sent_at: null }])
})

describe('a quote that is not closed', () => {
  const unclosed = 'The row has a quote that is opened and not closed.'

  it('is named with its line, and loses no number', async () => {
    const text = 'mobile,name,city\n447700900801,"Ann,York\n447700900802,Bob,Hull\n447700900803,Cid,Ripon\n'
    expect(await recipientsOf(text)).toMatchObject({ mobiles, said: [`note on line 2: ${unclosed}`] })
    const afterOthers = `${text}447700900804,"Dee,Bath`
    expect((await recipientsOf(afterOthers)).said).toEqual([2, 5].map((line) => `note on line ${line}: ${unclosed}`))
  })

  it('is named though a quote in another row closes it', async () => {
    const text = 'mobile,name,city\n447700900801,"Ann,York\n447700900802,Bob",Hull\n447700900803,"Cid, Jr",Ripon\n'
    expect(await recipientsOf(text)).toMatchObject({ mobiles, said: [`note on line 2: ${unclosed}`] })
  })

  it('refuses its row where what is wanted of it cannot be told', async () => {
    const text = 'mobile,message_id,name\n447700900801,"m-1,Ann\n447700900802,"m-2\n447700900803,m-3,Cid\n'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles: ['447700900803'],
      said: [2, 3].map((line) => `line ${line}: ${unclosed}`),
    })
  })

  it('beside a number leaves it the number', async () => {
    const text = 'mobile,name\n"447700900801,Ann\n447700900802,Bob\n"447700900803,Cid\n'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles,
      said: [2, 4].map((line) => `note on line ${line}: ${unclosed}`),
    })
  })

  it('is named though the file closes it at its end', async () => {
    const text = 'mobile,name,city\n447700900801,"Ann,York\n447700900802,Bob,Hull\n447700900803,Cid,Ripon\n"\n'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles,
      said: [`note on line 2: ${unclosed}`, `line 5: ${unclosed}`],
    })
  })

  it('in the names leaves the rows, which tell the columns', async () => {
    const text = 'name,"mobile\nAnn,447700900801\nBob,447700900802\n'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles: mobiles.slice(0, 2),
      said: [`line 1: “mobile” is not a phone number of 5 to 20 digits. ${unclosed}`],
    })
  })

  it('that is not doubled inside of a quoted cell is another fault, named as well', async () => {
    const text = 'mobile,text\n447700900801,"say "hi" to me"\n447700900802,Hi\n'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles: mobiles.slice(0, 2),
      said: ['note on line 2: The row has a quote inside a quoted cell that is not doubled.'],
    })
  })
})

describe('a row with the wrong number of cells', () => {
  it('is named, and taken as long as its cells are certain', async () => {
    const text = 'mobile,name,city\n447700900801,Ann\n447700900802,Bob,Hull,UK\n447700900803,Cid,York\n'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles,
      said: [
        'note on line 2: There are 2 cells where there should be 3.',
        'note on line 3: There are 4 cells where there should be 3.',
      ],
    })
  })

  it('is refused where a cell may be another one than its column says', async () => {
    const text = 'name,mobile,message_id\nLee, Ann,447700900801,m-1\nBob,447700900802,m-2,\nCid,447700900803,m,3\n'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles: ['447700900802'],
      said: [2, 4].map(
        (line) =>
          `line ${line}: There are 4 cells where there should be 3. A cell with a separator in it needs quotes around it.`,
      ),
    })
  })

  it('is refused at the end of a file that was cut', async () => {
    const text = 'mobile,message_id\n447700900801,m-1\n4477009'
    expect(await recipientsOf(text)).toMatchObject({
      mobiles: ['447700900801'],
      said: ['line 3: There is 1 cell where there should be 2. The file ends within this row.'],
    })
  })
})

it('counts lines where cells have line breaks, and rows as spreadsheets do', async () => {
  const text = 'sep=;\nmobile;note\n447700900801;"a\nb"\n\nnobody;c\n'
  const { said } = await recipientsOf(text)
  expect(said).toEqual(['line 6: “nobody” is not a phone number of 5 to 20 digits.'])
})

it.each([
  ['', 'There is no mobile number.'],
  ['4.47701E+11', '“4.47701E+11” was rounded by a spreadsheet. Format the column as text, and save again.'],
  ['4,47701E+11', '“4,47701E+11” was rounded by a spreadsheet. Format the column as text, and save again.'],
  ['447700900***', '“447700900***” is masked: its last digits are not in this file.'],
  ['Ann', '“Ann” is not a phone number of 5 to 20 digits.'],
])('says what is wrong with the number %j', async (mobile, reason) => {
  const { mobiles, said } = await recipientsOf(`mobile;name\n447700900801;Ann\n${mobile};Bob\n`)
  expect([mobiles, said]).toEqual([['447700900801'], [`line 3: ${reason}`]])
})

it('refuses ids and times that the server would refuse, and takes nothing for what databases print so', async () => {
  const rows = [
    'a-0;2026-01-31',
    'a-1;2026-02-30',
    `${'x'.repeat(256)};`,
    'b\uFFFD;',
    'NULL;\\N',
    'c-1;2026-01-31 12:00:00.5+00',
  ]
  const text = ['mobile;message_id;sent_at', ...rows.map((row, at) => `44770090080${at};${row}`)].join('\n')
  const { recipients, said } = await recipientsOf(text)
  expect(said).toEqual([
    'line 3: “2026-02-30” is not a time such as 2026-01-31T12:00:00+01:00 or 2026-01-31 12:00:00.',
    'line 4: The message id is longer than 255 characters, or has characters that cannot be read.',
    'line 5: The message id is longer than 255 characters, or has characters that cannot be read.',
  ])
  expect(recipients).toEqual([
    { mobile: '447700900800', message_id: 'a-0', sent_at: '2026-01-31' },
    { mobile: '447700900804', message_id: null, sent_at: null },
    { mobile: '447700900805', message_id: 'c-1', sent_at: '2026-01-31 12:00:00.5+00' },
  ])
})

it('puts the calling code in front of numbers that lack it', async () => {
  const rows = [
    '44;7700900801',
    '+44;07700 900802',
    '44;7700900803',
    '44;447700900803',
    '1;+447700900804',
    ';7700900805',
    '44;',
  ]
  const { mobiles, said } = await recipientsOf(['country code;phone', ...rows].join('\n'))
  expect(mobiles).toEqual([
    '+44 7700900801',
    '+44 07700 900802',
    '+44 7700900803',
    '447700900803',
    '+447700900804',
    '7700900805',
  ])
  expect(said).toEqual(['line 8: There is no mobile number.'])
})

describe('our own files', () => {
  it('of visits are read back: guards go, and what stands for no message is none', async () => {
    const person = { mobile: '+447700900801', token: 'AbC123', message_id: 'AbC123' }
    const rows = [person, { ...person, message_id: '=m-1' }, { mobile: null, token: null, message_id: null }]
    const csv = csvHeader() + csvText(rows.map((row) => wireRow(row)))
    expect(await guessOf(csv)).toEqual({ mobile: 'mobile', message_id: 'message_id' })
    const { recipients, said } = await recipientsOf(csv)
    expect(csv).toContain("'+447700900801")
    expect(recipients).toEqual([
      { mobile: '+447700900801', message_id: null, sent_at: null },
      { mobile: '+447700900801', message_id: '=m-1', sent_at: null },
    ])
    expect(said).toEqual(['line 4: There is no mobile number.'])
  })

  it('with short URLs behind the columns of the person are read as before', async () => {
    const text = 'Name;Phone;token;short_url\r\nAnn;447700900801;AbC123;https://s.example.com/AbC123\r\n'
    expect(await guessOf(`\uFEFF${text}`)).toEqual({ mobile: 'Phone' })
    expect((await recipientsOf(text)).recipients).toEqual([{ mobile: '447700900801', message_id: null, sent_at: null }])
  })
})
