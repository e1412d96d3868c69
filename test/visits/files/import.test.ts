import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../../src/database/open.js'
import { ownedLink } from '../../../src/links/repository.js'
import { mobileRule } from '../../../src/recipients/mobile.js'
import { appendVisits } from '../../../src/visits/append.js'
import { exportedVisits } from '../../../src/visits/files/export.js'
import { type FileFormat, type ImportOptions, importVisits } from '../../../src/visits/files/import.js'
import { wireRowReader } from '../../../src/visits/files/wire-row.js'
import { visitFilters } from '../../../src/visits/filters.js'
import { type TestApp, testApp } from '../../support/app.js'
import { collect } from '../../support/collect.js'
import { emptiedDatabase, testDatabase } from '../../support/database.js'
import { fileBytes } from '../../support/text-file.js'
import { newVisit, storeLinks } from '../../support/visits.js'
import { ndjson, untrackedRow, type WireRow, wireRow } from '../../support/wire-row.js'

const database = emptiedDatabase()

async function importText(db: Database, text: string | Buffer, options: Partial<ImportOptions> = {}) {
  const bad: string[] = []
  const report = {
    refused: (line: number, reason: string) => bad.push(`line ${line}: ${reason}`),
    reading: () => {},
    storing: () => {},
  }
  const given: ImportOptions = { format: 'ndjson', zone: 'UTC', keepOrder: false, ...options }
  return { ...(await importVisits(db, Readable.from([Buffer.from(text)]), given, report)), bad }
}

const importRows = (db: Database, rows: WireRow[], options: Partial<ImportOptions> = {}) =>
  importText(db, ndjson(rows), options)

async function exportText(db: Database, format: FileFormat = 'ndjson', zone = 'UTC', linkId = 21): Promise<string> {
  const link = await ownedLink(db, 26, linkId)
  const request = { format, filters: visitFilters({ bots: 'include' }), after: 0, view: { pii: true, zone } }
  const pieces = await collect(exportedVisits(db, link, request))
  return Buffer.concat(pieces.map(({ data }) => data)).toString()
}

/** The first hundred visits, as somebody sees them who may see numbers. */
async function page({ app, as }: TestApp, linkId = 21): Promise<string> {
  const answer = await app.inject({
    url: `/link/urls/${linkId}/visits?per_page=100`,
    headers: as(26, 'visits:read visits:pii'),
  })
  expect(answer.statusCode).toBe(200)
  return answer.body
}

async function storedIds(db: Database, linkId = 21): Promise<string[]> {
  const visits = await db.prisma.visit.findMany({ where: { userId: 26, linkId }, orderBy: { seq: 'asc' } })
  return visits.map(({ id }) => id)
}

const rowOf = fc.record({
  client_ip: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('')),
  scheme: fc.constantFrom('http', 'https', null),
  host: fc.constantFrom(null, '', 'go.example.com'),
  query_string: fc.string({ unit: fc.constantFrom(...'=+-@\'"\n\r\t,é😀a'), maxLength: 8 }),
  user_agent: fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0')),
  browser: fc.constantFrom('Chrome', '', null),
  touch_enabled: fc.constantFrom('0', '1', 0, 1),
  latitude: fc.constantFrom('-33.86', '', null),
  city: fc.constantFrom("'=SUM(A1)", 'São Paulo', null),
  options: fc.constantFrom(null, {}, { bot: true }, { bot: false, z: [1, null, 'ü'], a: { b: '"' } }),
  created_at: fc
    .date({ min: new Date('2020-01-01'), max: new Date('2026-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 19).replace('T', ' ')),
  person: fc.constantFrom(
    null,
    { token: 'AAAAAA', message_id: 'm-1', mobile: '+491234567' },
    { token: 'BBBBBB', message_id: 'BBBBBB', mobile: null },
  ),
})

describe('a round trip', () => {
  it.each(['ndjson', 'csv'] as const)('by %s gives the same pages in an empty database', async (format) => {
    const [source, target] = [await testApp(), await testApp()]
    const samples = fc.sample(rowOf, { numRuns: 60, seed: 26 })
    const rows = samples.map(({ person, ...row }) => untrackedRow({ ...row, ...person }))
    expect((await importRows(source.db, rows)).bad).toEqual([])
    const exported = await exportText(source.db, format)
    expect((await importText(target.db, exported, { format })).bad).toEqual([])
    expect(await page(target)).toBe(await page(source))
    expect(await exportText(target.db, format)).toBe(exported)
  })

  it.each(['UTF-16LE', 'UTF-16BE'] as const)('by way of a program that writes %s loses nothing', async (encoding) => {
    const { db } = await database()
    const rows = [wireRow(), untrackedRow({ city: 'São Paulo' })]
    expect(await importText(db, fileBytes(ndjson(rows), encoding))).toMatchObject({ stored: 2, bad: [] })
    const csv = await exportText(db, 'csv')
    const again = fileBytes(`\uFEFFsep=,\r\n${csv}`, encoding)
    expect(await importText(db, again, { format: 'csv' })).toMatchObject({ stored: 0, skipped: 2, bad: [] })
  })

  it('keeps the documented row byte for byte', async () => {
    const { db } = await database()
    const file = ndjson([wireRow()])
    await importText(db, file)
    expect(await exportText(db)).toBe(file)
  })

  it('keeps the order of recording when asked to', async () => {
    const { db } = await database()
    const ids = ['2026-03-01', '2026-01-01', '2026-02-01'].map((day) => untrackedRow({ created_at: `${day} 00:00:00` }))
    await importRows(db, ids, { keepOrder: true })
    expect(await storedIds(db)).toEqual(ids.map(({ id }) => id))
  })

  it('keeps times in a zone whose clocks change', async () => {
    const { db } = await database()
    const zone = 'Europe/Berlin'
    const rows = ['2026-03-29 01:59:59', '2026-03-29 03:00:00', '2026-10-25 02:30:00'].map((created_at) =>
      untrackedRow({ created_at }),
    )
    expect(await importRows(db, rows, { zone })).toMatchObject({ stored: 3, bad: [] })
    expect(await exportText(db, 'ndjson', zone)).toBe(ndjson(rows))
    expect(await importRows(db, [untrackedRow({ created_at: '2026-03-29 02:30:00' })], { zone })).toMatchObject({
      bad: ['line 1: created_at must be a time of the calendar in Europe/Berlin such as 2022-10-31 10:07:27'],
    })
  })
})

describe('numbers', () => {
  it('follow the time of the visits, then the file, across batches and behind what is there', async () => {
    const { db } = await database()
    await storeLinks(db, 26, 21)
    const there = newVisit(21, { createdAt: new Date('2030-01-01T00:00:00Z') })
    await appendVisits(db, 26, [there])
    const rows = Array.from({ length: 4500 }, (_, at) => {
      const minute = String((at * 7) % 60).padStart(2, '0')
      return untrackedRow({ created_at: `2026-01-01 00:${minute}:00` })
    })
    const byTime = rows.toSorted((a, b) => String(a.created_at).localeCompare(String(b.created_at)))
    expect(await importRows(db, rows)).toMatchObject({ stored: 4500, skipped: 0, refused: 0 })
    expect(await storedIds(db)).toEqual([there.id, ...byTime.map(({ id }) => id)])
  })

  it('of people and machines follow options.bot', async () => {
    const { db } = await database()
    await importRows(
      db,
      [{ bot: true }, { bot: 'true' }, null].map((options) => untrackedRow({ options })),
    )
    expect(await db.prisma.link.findFirst()).toMatchObject({ visits: 3n, humanVisits: 2n })
  })
})

describe('running it again', () => {
  it('stores nothing twice, also within a file', async () => {
    const { db } = await database()
    const rows = [wireRow(), untrackedRow(), untrackedRow()]
    expect(await importRows(db, rows.slice(0, 2))).toMatchObject({ stored: 2, skipped: 0 })
    expect(await importRows(db, [...rows, ...rows])).toMatchObject({ stored: 1, skipped: 5, refused: 0 })
    const upper = { ...rows[0], id: String(rows[0]?.id).toUpperCase() }
    expect(await importRows(db, [upper])).toMatchObject({ stored: 0, skipped: 1, refused: 0 })
  })
})

describe('what a file needs', () => {
  it('is created: owner, inactive link with a code of its own, recipients numbered from 1', async () => {
    const { db } = await database()
    await importRows(db, [
      wireRow({ message_id: 'm-1' }),
      wireRow({ token: 'other2', message_id: 'other2' }),
      untrackedRow({ link_id: 99_000 }),
    ])
    expect(await db.prisma.owner.findFirst()).toMatchObject({ id: 26n, lastLinkId: 99_000n })
    const links = await db.prisma.link.findMany({ orderBy: { id: 'asc' } })
    expect(links).toMatchObject([
      { id: 21n, longUrl: '', status: 0, isAdvanced: true, lastRecipient: 2n },
      { id: 99_000n, longUrl: '', status: 0, isAdvanced: false, lastRecipient: 0n },
    ])
    const codes = links.map(({ token }) => token ?? '')
    expect(await db.prisma.token.count({ where: { token: { in: codes } } })).toBe(2)
    expect(await db.prisma.recipient.findMany({ orderBy: { id: 'asc' } })).toMatchObject([
      { id: 1n, token: 'JFlCjw', messageId: 'm-1', mobile: '9019955***' },
      { id: 2n, token: 'other2', messageId: null, mobile: '9019955***' },
    ])
  })

  it('numbers links of a new owner apart from those of others', async () => {
    const { db } = await database()
    await importRows(db, [untrackedRow()])
    expect(await db.prisma.owner.findFirst()).toMatchObject({ lastLinkId: 26_000n })
  })

  it('leaves a link that exists as it is', async () => {
    const { db } = await database()
    await storeLinks(db, 26, 21)
    await importRows(db, [wireRow()])
    expect(await db.prisma.link.findFirst()).toMatchObject({ longUrl: 'https://example.com/21', isAdvanced: false })
  })

  it('may be given: user and link replace what the file says, or does not say', async () => {
    const { db } = await database()
    const { user_id: _, link_id: __, ...row } = untrackedRow()
    expect(
      await importRows(db, [row, untrackedRow({ user_id: 'x', link_id: 5 })], { ownerId: 26, linkId: 21 }),
    ).toMatchObject({ stored: 2 })
    expect(await storedIds(db)).toHaveLength(2)
  })
})

describe('a recipient', () => {
  it('is known again by token, and learns the whole number and the message', async () => {
    const { db } = await database()
    await importRows(db, [wireRow()])
    const revision = async () => (await db.prisma.link.findFirstOrThrow()).revision
    const before = await revision()
    await importRows(db, [wireRow({ mobile: '9019955123', message_id: 'm-1' })])
    expect(await revision()).toBe(before + 1n)
    await importRows(db, [wireRow({ mobile: '9019955***', message_id: 'JFlCjw' }), wireRow({ mobile: null })])
    expect(await db.prisma.recipient.findMany()).toMatchObject([{ mobile: '9019955123', messageId: 'm-1', visits: 4n }])
    expect(await revision()).toBe(before + 1n)
  })

  it('has one number however the file spells it, shown as it was given first', async () => {
    const { db } = await database()
    const spellings = ['+44 (0)7700 900801', '447700900801', '00447700900801', '447700900801.0', '447700900***']
    const rows = spellings.map((mobile) => wireRow({ mobile, message_id: 'm-1' }))
    expect(await importRows(db, rows, { keepOrder: true })).toMatchObject({ stored: 5, refused: 0 })
    expect(await db.prisma.recipient.findMany()).toMatchObject([
      { mobile: '+447700900801', mobileKey: '447700900801', visits: 5n },
    ])
  })

  it('has one number where a national spelling is of the country that is set', async () => {
    const { db } = await database()
    const rows = ['+447700900801', '07700 900801'].map((mobile) => wireRow({ mobile, message_id: 'm-1' }))
    const given = { keepOrder: true, rule: mobileRule('GB') }
    expect(await importRows(db, rows, given)).toMatchObject({ stored: 2, refused: 0 })
    const more = await importRows(db, [wireRow({ mobile: '07700 900801', message_id: 'm-1' })])
    expect(more.bad).toEqual(['line 1: mobile contradicts the recipient with token JFlCjw'])
  })

  it('is refused with a number that a spreadsheet has spoilt, unless nobody can mend it', async () => {
    const { db } = await database()
    const row = wireRow({ mobile: '4.47701E+11' })
    expect((await importRows(db, [row])).bad).toEqual([
      'line 1: mobile was rounded by a spreadsheet and has lost digits; format the column of the spreadsheet as text',
    ])
    const kept = wireRowReader({ zone: 'UTC', keepsSpoiltNumbers: true })(row)
    expect(kept).toMatchObject({ recipient: { mobile: '4.47701E+11' } })
  })

  it('keeps what is no number, since its token is out', async () => {
    const { db } = await database()
    await importRows(db, [wireRow({ mobile: ' unknown ' })])
    expect(await db.prisma.recipient.findMany()).toMatchObject([{ mobile: 'unknown', token: 'JFlCjw' }])
  })

  it('is refused when the file contradicts what is known, and only that line', async () => {
    const { db } = await database()
    await importRows(db, [wireRow({ mobile: '9019955123', message_id: 'm-1' })])
    const rows = [
      wireRow({ mobile: '9019955124' }),
      wireRow({ mobile: '901995***' }),
      wireRow({ message_id: 'm-2' }),
      untrackedRow(),
    ]
    expect(await importRows(db, rows)).toMatchObject({
      stored: 1,
      refused: 3,
      bad: [
        'line 1: mobile contradicts the recipient with token JFlCjw',
        'line 2: mobile contradicts the recipient with token JFlCjw',
        'line 3: message_id contradicts the recipient with token JFlCjw',
      ],
    })
  })

  it('cannot have a token of another link, another owner or a link itself', async () => {
    const { db } = await database()
    await storeLinks(db, 7, 1)
    await db.prisma.token.createMany({ data: [{ token: 'theirs', userId: 7, linkId: 1 }] })
    await importRows(db, [wireRow({ token: 'first1', link_id: 22 })])
    const own = (await db.prisma.link.findFirstOrThrow({ where: { id: 22 } })).token
    const tokens = ['theirs', 'first1', own]
    const { bad } = await importRows(db, [
      ...tokens.map((token) => wireRow({ token })),
      wireRow({ token: 'again1' }),
      wireRow({ token: 'again1', link_id: 23 }),
    ])
    expect(bad).toEqual([
      'line 1: token theirs belongs to another link',
      'line 2: token first1 belongs to another link',
      `line 3: token ${own} is the short code of a link, not of a recipient`,
      'line 5: token again1 belongs to another link',
    ])
  })
})

it.each([
  ['2026-03-01 12:00:00+00', '2026-03-01T12:00:00.000Z'],
  ['2026-03-01 12:00:00.123456+05:30', '2026-03-01T06:30:00.123Z'],
  ['2026-03-01 12:00:00-0330', '2026-03-01T15:30:00.000Z'],
  ['2026-03-01 12:00:00.5', '2026-03-01T11:00:00.500Z'],
])('a time may be as PostgreSQL writes it: %s', async (created_at, instant) => {
  const { db } = await testDatabase()
  const zone = 'Europe/Berlin'
  expect(await importRows(db, [untrackedRow({ created_at })], { zone })).toMatchObject({ stored: 1, bad: [] })
  const { rows } = await db.pool.query('SELECT created_at FROM visits')
  expect(rows).toEqual([{ created_at: new Date(instant) }])
})

describe('a bad line', () => {
  const time = 'must be a time of the calendar in UTC such as 2022-10-31 10:07:27'
  it.each<[string, unknown, string]>([
    ['an id that is none', { id: 'x' }, 'id must be a UUID'],
    ['no id', { id: undefined }, 'id must be a UUID'],
    ['no owner', { user_id: null }, 'user_id must be a positive number'],
    ['a link number that JavaScript cannot hold', { link_id: '9999999999999999' }, 'link_id must be a positive number'],
    ['a day that is not in the calendar', { created_at: '2026-02-29 00:00:00' }, `created_at ${time}`],
    ['an hour that is none', { created_at: '2026-02-28 24:00:00' }, `created_at ${time}`],
    ['a time of another form', { created_at: '2026-02-28T12:00:00Z' }, `created_at ${time}`],
    ['an address that is none', { client_ip: '999.1.1.1' }, 'client_ip must be an IP address'],
    ['an address with a zone', { client_ip: 'fe80::1%eth0' }, 'client_ip must be an IP address'],
    ['another scheme', { scheme: 'ftp' }, 'scheme must be http, https or empty'],
    ['touch that is neither', { touch_enabled: 'yes' }, 'touch_enabled must be 0 or 1'],
    ['a list of options', { options: [] }, 'options must be a JSON object or null'],
    ['NUL', { city: 'a\0b' }, 'city must not contain NUL or half of a surrogate pair'],
    ['half a character', { city: '\uD800' }, 'city must not contain NUL or half of a surrogate pair'],
    [
      'NUL in options',
      { options: { a: ['\0'] } },
      'options must not contain NUL, half of a surrogate pair, or more than 50 levels',
    ],
    ['too large options', { options: { a: 'x'.repeat(16_384) } }, 'options must have at most 16384 characters as JSON'],
    ['a number for a text', { latitude: 1.5 }, 'latitude must be text'],
    ['too long a text', { host: 'h'.repeat(256) }, 'host must have at most 255 characters'],
    ['a key of the prototype', JSON.parse('{"__proto__":{}}'), 'unknown key "__proto__"'],
    ['an unknown key', { colour: 'red' }, 'unknown key "colour"'],
    ['a token with a space', { token: 'a b' }, 'token must be letters, digits, _ and -'],
    ['a number without a token', { mobile: '123' }, 'message_id and mobile must be empty without a token'],
    ['two faults', { id: 1, scheme: 1 }, 'id must be a UUID; scheme must be http, https or empty'],
  ])('with %s is reported with the reason, and the others are stored', async (_, fault, reason) => {
    const { db } = await database()
    const rows = [untrackedRow(), untrackedRow(fault as WireRow), untrackedRow()]
    expect(await importRows(db, rows)).toEqual({ stored: 2, skipped: 0, refused: 1, bad: [`line 2: ${reason}`] })
  })

  it('that is no row at all is reported by its number in the file, blank lines counted', async () => {
    const { db } = await database()
    const good = ndjson([untrackedRow()])
    const deep = `{"options":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const lines = ['\uFEFF', '\n{', '\n[]\n', good, deep, '\n', 'x'.repeat(1_048_577), '\n', good.trim()]
    const file = Buffer.concat([
      ...lines.map((text) => Buffer.from(text)),
      Buffer.from('\n'),
      Buffer.from([0x22, 0xff, 0x22]),
    ])
    const { stored, bad } = await importText(db, file)
    expect(stored).toBe(1)
    expect(bad).toEqual([
      'line 2: is not valid JSON',
      'line 3: must be a JSON object',
      expect.stringMatching(/^line 5: /),
      'line 6: is longer than 1048576 bytes',
      'line 8: is not UTF-8',
    ])
  })

  it('that only the database can find is found among the others', async () => {
    const { db } = await testDatabase()
    await db.pool.query("ALTER TABLE visits ADD CHECK (host <> 'refused')")
    const rows = Array.from({ length: 9 }, (_, at) => untrackedRow({ host: at === 4 ? 'refused' : 'fine' }))
    const { stored, bad } = await importRows(db, rows)
    expect(stored).toBe(8)
    expect(bad).toEqual([expect.stringMatching(/^line 5: the database refuses it: .*check constraint/)])
    expect(await storedIds(db)).toEqual(rows.filter((_, at) => at !== 4).map(({ id }) => id))
  })

  it('belongs to a deleted link', async () => {
    const { db } = await database()
    await storeLinks(db, 26, 21)
    await db.prisma.link.updateMany({ data: { deletedAt: new Date() } })
    expect((await importRows(db, [untrackedRow()])).bad).toEqual(['line 1: link 21 is deleted'])
  })
})
