import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { runInProcess } from '../support/command-line.js'
import { fileBytes } from '../support/text-file.js'
import { storeLink } from '../support/visits.js'

let site: TestApp
let folder = ''
beforeAll(async () => {
  site = await openApp()
  folder = await mkdtemp(join(tmpdir(), 'smart-link-recipients-'))
})
afterAll(async () => {
  await site?.close()
  await rm(folder, { recursive: true, force: true })
})

let links = 700

/** A new link, and an import into it. */
async function newLink() {
  const id = ++links
  await storeLink(site.db, 26, id, {})
  return {
    id,
    importFile: async (content: string | Buffer, ...more: string[]) => {
      const file = join(folder, 'people.csv')
      await writeFile(file, content)
      const args = ['recipients', 'import', file, '--user', '26', '--link', String(id), ...more]
      const { stderr, ...finished } = await runInProcess(site.db, args, { env: { SHORT_URL: 'https://s.example.com' } })
      return { ...finished, said: stderr.replaceAll(file, 'people.csv').trimEnd().split('\n') }
    },
    recipients: () => site.db.prisma.recipient.findMany({ where: { userId: 26, linkId: id }, orderBy: { id: 'asc' } }),
    mobiles: async () => {
      const stored = await site.db.prisma.recipient.findMany({
        where: { userId: 26, linkId: id },
        orderBy: { id: 'asc' },
      })
      return stored.map(({ mobile }) => mobile)
    },
  }
}

describe('smart-link recipients import', () => {
  it('says what it has guessed and what came of it, and finds everybody when it is run again', async () => {
    const link = await newLink()
    const text =
      'sep=;\r\nName;Handy;Nachrichten-ID;Geburtsdatum\r\nJörg;447700900801;ü-1;1980-01-01\r\nAnn;447700900802;;\r\n'
    const guessed = [
      'people.csv: Windows-1252, separated by semicolons, column names in line 2',
      '  mobile        column 2, Handy',
      '  message_id    column 3, Nachrichten-ID',
      '  sent_at       none',
      '1 line not UTF-8, read as Windows-1252.',
    ]
    expect(await link.importFile(fileBytes(text, 'latin1'))).toEqual({
      status: 0,
      stdout: '',
      said: [...guessed, 'Created 2 recipients, found 0 that were there already, refused 0 rows.'],
    })
    const stored = await link.recipients()
    expect(stored).toMatchObject([
      { mobile: '447700900801', messageId: 'ü-1', sentAt: null },
      { mobile: '447700900802', messageId: null, sentAt: null },
    ])
    expect((await link.importFile(fileBytes(text, 'latin1'))).said.at(-1)).toBe(
      'Created 0 recipients, found 2 that were there already, refused 0 rows.',
    )
    expect(await link.recipients()).toEqual(stored)
  })

  it('names rows with their line, stores the others, and ends with 1', async () => {
    const link = await newLink()
    await link.importFile('mobile,message_id\n447700900899,m-9\n')
    const rows = [
      '447700900801,m-1,Ann',
      '447700900802,m-2,"Bob',
      '12,m-3,Cid',
      '447700900804,m-9,Dee',
      '447700900805,m-1,E',
    ]
    const { status, said } = await link.importFile(['mobile,message_id,name', ...rows].join('\n'))
    expect([status, said.slice(-6).toSorted()]).toEqual([
      1,
      [
        '1 row with broken quotes, of which what is taken is certain.',
        'Created 2 recipients, found 0 that were there already, refused 3 rows.',
        'line 3: The row has a quote that is opened and not closed. What is taken of it is certain.',
        'line 4: “12” is not a phone number of 5 to 20 digits.',
        'line 5: The message_id field names a message to another number.',
        'line 6: The message_id field names a message to another number.',
      ],
    ])
    expect(await link.mobiles()).toEqual(['447700900899', '447700900801', '447700900802'])
  })

  it('takes the columns that a person names, by name or number', async () => {
    const link = await newLink()
    const text = 'a,b,c\n447700900801,447700900811,m-1\n447700900802,447700900812,m-2\n'
    const { said } = await link.importFile(text, '--columns', 'mobile=B,message_id=3')
    expect(said.slice(1, 3)).toEqual(['  mobile        column 2, b', '  message_id    column 3, c'])
    expect(await link.recipients()).toMatchObject([
      { mobile: '447700900811', messageId: 'm-1' },
      { mobile: '447700900812', messageId: 'm-2' },
    ])
    await link.importFile('mobile,message_id\n447700900803,x-1\n', '--columns', 'message_id=none')
    expect((await link.recipients()).at(-1)).toMatchObject({ mobile: '447700900803', messageId: null })
  })

  it('reads a file as a person says, where the guess is wrong', async () => {
    const link = await newLink()
    const given = ['--header', 'no', '--separator', 'tab', '--encoding', 'utf-16le', '--columns', 'mobile=1']
    const { said } = await link.importFile(fileBytes('447700900801\tx;y\n', 'UTF-16LE'), ...given)
    expect(said[0]).toBe('people.csv: UTF-16LE, separated by tabs, no column names')
    expect(await link.mobiles()).toEqual(['447700900801'])
  })

  it('stores nothing on a dry run, and shows the first rows', async () => {
    const link = await newLink()
    const rows = Array.from({ length: 7 }, (_, at) => `44770090080${at};m-${at}`)
    const finished = await link.importFile(['to;message id', ...rows, 'x;'].join('\n'), '--dry-run')
    expect(finished).toMatchObject({ status: 1 })
    expect(finished.stdout.split('\n').slice(0, 3)).toEqual([
      'LINE  MOBILE        MESSAGE_ID  SENT_AT',
      '2     447700900800  m-0         -',
      '3     447700900801  m-1         -',
    ])
    expect(finished.stdout.trimEnd().split('\n')).toHaveLength(6)
    expect(finished.said.at(-1)).toBe('Would import 7 rows, refuse 1; nothing is stored.')
    expect(await link.recipients()).toEqual([])
  })

  it('gives the file back with short URLs, which can be imported again', async () => {
    const link = await newLink()
    const result = join(folder, 'result.csv')
    await link.importFile('Name;Mobile\n"Lee; Ann";447700900801\nBob;447700900802\n', '--result', result)
    const [ann, bob] = await link.recipients()
    const text = await readFile(result, 'utf8')
    expect(text).toBe(
      `\uFEFFName,Mobile,token,short_url\r\nLee; Ann,447700900801,${ann?.token},https://s.example.com/${ann?.token}\r\n` +
        `Bob,447700900802,${bob?.token},https://s.example.com/${bob?.token}\r\n`,
    )
    const again = await link.importFile(text, '--result', '-')
    expect(again.said.at(-1)).toBe('Created 0 recipients, found 2 that were there already, refused 0 rows.')
    expect(again.stdout.split('\r\n')[1]).toBe(
      `Lee; Ann,447700900801,${ann?.token},https://s.example.com/${ann?.token},${ann?.token},https://s.example.com/${ann?.token}`,
    )
  })

  it('takes a person once who is in several batches, and in several spellings', async () => {
    const link = await newLink()
    const rows = Array.from({ length: 4_500 }, (_, at) => String(447_700_100_000 + (at % 2_250)))
    expect((await link.importFile(['mobile', ...rows].join('\n'))).said.at(-1)).toBe(
      'Created 2250 recipients, found 2250 that were there already, refused 0 rows.',
    )
    expect(new Set(await link.mobiles()).size).toBe(2_250)
  })

  it('reads standard input', async () => {
    const link = await newLink()
    const args = ['recipients', 'import', '-', '--user', '26', '--link', String(link.id)]
    const { status, stderr } = await runInProcess(site.db, args, { input: 'mobile\n447700900801\n' })
    expect([status, stderr.split('\n')[0]]).toEqual([
      0,
      'standard input: UTF-8, separated by commas, column names in line 1',
    ])
    expect(await link.mobiles()).toEqual(['447700900801'])
  })

  it.each<[string, string | Buffer, string[], string]>([
    [
      'no numbers',
      'a,b\nx,y\n',
      [],
      'No column looks like mobile numbers: say --columns mobile=COLUMN. The columns are: 1 a, 2 b.',
    ],
    [
      'a column that is not there',
      'a,b\nx,y\n',
      ['--columns', 'mobile=c'],
      'There is no column c. The columns are: 1 a, 2 b.',
    ],
    [
      'a workbook',
      Buffer.from('PK\x03\x04'),
      [],
      'This is an Excel workbook or an archive, not a CSV file: save it as CSV first.',
    ],
    ['a link of somebody else', 'mobile\n447700900801\n', ['--user', '27'], 'Owner 27 has no link'],
    ['a result that cannot be written', 'mobile\n447700900801\n', ['--result', '/nowhere/x.csv'], 'ENOENT'],
  ])('says in one line what is wrong: %s', async (_, content, more, message) => {
    const link = await newLink()
    const { status, said } = await link.importFile(content, ...more)
    expect([status, said.at(-1)]).toEqual([1, expect.stringContaining(`smart-link: ${message}`)])
    expect(await link.recipients()).toEqual([])
  })

  it.each([
    ['--columns', 'mobil=2', 'the fields are mobile, message_id, sent_at, country_code.'],
    ['--separator', 'ab', 'give one sign, or tab.'],
    ['--encoding', 'ebcdic', 'UTF-8'],
  ])('refuses %s %s', async (option, value, message) => {
    const link = await newLink()
    const { status, said } = await link.importFile('mobile\n1\n', option, value)
    expect([status, said.at(-1)]).toEqual([1, expect.stringContaining(message)])
  })
})

it('one person is one recipient, however the number is spelt in the file', async () => {
  const link = await newLink()
  const spellings = ['+447700900801', '00447700900801', '+44 (0)7700 900801', 'tel:+44-7700/900801', '447700900801.0']
  const text = `mobile;name\n${spellings.map((mobile, at) => `${mobile};${at}`).join('\n')}\n`
  expect((await link.importFile(text)).status).toBe(0)
  expect(await link.mobiles()).toEqual(['+447700900801'])
  expect((await link.importFile('mobile;name\n447700900801.5;a\n447700900802;b\n')).said).toContain(
    'line 2: “447700900801.5” is a decimal number. Format the column as text, and save again.',
  )
  expect(await link.mobiles()).toEqual(['+447700900801', '447700900802'])
})
