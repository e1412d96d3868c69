import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Locator, openLocator } from '../../src/capture/location.js'
import type { Database } from '../../src/database/open.js'
import type { LogFormat } from '../../src/imports/logs/format.js'
import { importLog } from '../../src/imports/logs/import.js'
import { shlink } from '../../src/imports/logs/shlink.js'
import { yourls } from '../../src/imports/logs/yourls.js'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { emptiedDatabase } from '../support/database.js'
import { newOwner } from '../support/owners.js'
import { fileBytes } from '../support/text-file.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

let locator: Locator
beforeAll(async () => {
  locator = await openLocator()
})
afterAll(() => locator.close())

const database = emptiedDatabase()
let opened: TestApp | undefined
afterAll(() => opened?.close())
/** Whose visits are imported: in each site somebody new. */
let owner: number

/** The number that the first link of the owner gets. */
const firstLink = () => BigInt(owner) * 1000n + 1n

/** An app with nothing in its database: short codes are no owner's alone. */
async function emptySite(): Promise<TestApp> {
  const { url } = await database()
  opened ??= await openApp({ databaseUrl: url })
  owner = newOwner()
  return opened
}

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')

interface Given {
  linkId?: number
  zone?: string
  anonymize?: boolean
}

async function importText(db: Database, format: LogFormat, text: string | Buffer, given: Given = {}) {
  const said: string[] = []
  const report = {
    refused: (line: number, reason: string) => said.push(`line ${line}: ${reason}`),
    say: (line: string) => said.push(line),
    reading: () => {},
    storing: () => {},
  }
  const { linkId, zone = 'UTC', anonymize = false } = given
  const signal = new AbortController().signal
  const options = { format, ownerId: owner, linkId, zone, anonymize, locator, signal }
  return { ...(await importLog(db, Readable.from([Buffer.from(text)]), options, report)), said }
}

async function visitsOf({ app, as }: TestApp, token: string) {
  const headers = as(owner)
  const [link] = (await app.inject({ url: `/link/urls?search=${token}`, headers })).json().data
  return (await app.inject({ url: `/link/urls/${link.id}/visits?per_page=100`, headers })).json().data
}

const chrome = {
  user_agent:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.99 Safari/537.36',
  browser: 'Chrome',
  browser_version: '67.0.3396.99',
  platform: 'Mac',
  device_type: 'desktop',
}
const nowhere = { country: '', country_code: '', region: '', city: '', timezone: '', latitude: '', longitude: '' }

describe('a Shlink export', () => {
  let site: TestApp
  beforeAll(async () => {
    site = await emptySite()
    expect(await importText(site.db, shlink, fixture('shlink/non-orphan.csv'))).toEqual({
      ...{ stored: 5, skipped: 0, refused: 0, said: [] },
    })
  })

  it('gives visits with all that Shlink knows of them, described as visits here are', async () => {
    const [person, preview] = await visitsOf(site, 'spring')
    expect(person).toMatchObject({
      ...{ user_id: String(owner), client_ip: '', scheme: 'https', host: 's.test', query_string: 'utm_source=mail' },
      ...{
        browser: 'Mobile Safari',
        platform: 'iOS',
        device_type: 'smartphone',
        device_brand: 'Apple',
        browser_lang: '',
      },
      ...{
        country: 'Germany',
        country_code: 'DE',
        region: 'Hesse',
        city: 'Frankfurt am Main',
        timezone: '',
      },
      ...{ options: { referer: 'https://www.example.org/' }, created_at: '2026-02-03 10:00:00' },
      ...{ token: null, message_id: null, mobile: null },
    })
    expect(person.id).not.toBe(person.visit_id)
    expect(preview).toMatchObject({
      ...{
        country_code: 'IE',
        city: 'Dublin',
        timezone: 'Europe/Dublin',
        query_string: '',
        options: { bot: true, bot_reason: 'preview' },
      },
    })
  })

  it('creates the links it names, inactive, with its short codes, also those of tracking pixels', async () => {
    const links = await site.db.prisma.link.findMany({ orderBy: { id: 'asc' } })
    expect(links.map(({ id, token, longUrl, status, visits }) => [id, token, longUrl, status, visits])).toEqual([
      [firstLink(), 'spring', '', 0, 2n],
      [firstLink() + 1n, 'summer', '', 0, 3n],
    ])
  })

  it('tells equal rows apart, and knows an unknown place', async () => {
    const [newest, ...others] = await visitsOf(site, 'summer')
    expect(newest).toMatchObject({ ...chrome, ...nowhere, created_at: '2026-02-02 07:00:00', options: null })
    const hongKong = { country: 'Hong Kong SAR China', country_code: 'HK', timezone: 'Asia/Hong_Kong' }
    for (const visit of others) expect(visit).toMatchObject({ ...chrome, ...nowhere, ...hongKong })
    expect(new Set(others.map(({ id }: { id: string }) => id)).size).toBe(2)
  })

  it('stores nothing twice, in whatever format and order the same visits come', async () => {
    const count = () => site.db.prisma.visit.count()
    const before = await count()
    const [header, ...lines] = fixture('shlink/non-orphan.csv').trim().split('\n')
    const again = [header, ...lines.reverse()].join('\r\n')
    expect(await importText(site.db, shlink, again)).toMatchObject({ stored: 0, skipped: 5, refused: 0 })
    expect(await importText(site.db, shlink, fixture('shlink/domain-before-5.csv'))).toMatchObject({
      stored: 0,
      skipped: 1,
    })
    expect(await count()).toBe(before)
  })
})

describe('a Shlink file', () => {
  it('that does not say which short URL was opened needs a link', async () => {
    const { db } = await emptySite()
    const file = fixture('shlink/short-url-before-5.csv')
    expect(await importText(db, shlink, file)).toMatchObject({
      ...{ stored: 0, refused: 2 },
      said: [2, 3].map((line) => `line ${line}: names no short URL: give its link with --link`),
    })
    await storeLinks(db, owner, 20)
    expect(await importText(db, shlink, file, { linkId: 20 })).toMatchObject({ stored: 2, refused: 0 })
    expect(await db.prisma.link.findMany()).toMatchObject([{ id: 20n, visits: 2n, humanVisits: 1n, status: 1 }])
  })

  it('with visits of no short URL gives them to the link that is named for them', async () => {
    const { db } = await emptySite()
    expect(await importText(db, shlink, fixture('shlink/orphan.csv'))).toMatchObject({ stored: 0, refused: 2 })
    expect(await db.prisma.link.count()).toBe(0)
    expect(await importText(db, shlink, fixture('shlink/orphan.csv'), { linkId: 5 })).toMatchObject({ stored: 2 })
  })

  it.each([
    [
      'a byte order mark and semicolons',
      '\uFEFFDate;User agent;Short Url\n2026-02-01T00:00:00Z;curl/8;https://s.test/a\n',
    ],
    [
      'tabs, other names, and columns that nobody knows',
      'browser\tuserAgent\tshortUrl\tdate\nx\tcurl/8\thttps://s.test/a\t2026-02-01T00:00:00Z\n',
    ],
    [
      'line ends of Windows and no last one',
      'Date,User agent,Short Url\r\n2026-02-01T00:00:00Z,curl/8,https://s.test/a',
    ],
    [
      'UTF-16 with a mark',
      fileBytes(
        '\uFEFF"Date","User agent","Short Url"\r\n2026-02-01T00:00:00Z,curl/8,https://s.test/a\r\n',
        'UTF-16LE',
      ),
    ],
    [
      'UTF-16 in the other order, without a mark',
      fileBytes('Date;User agent;Short Url\n2026-02-01T00:00:00Z;curl/8;https://s.test/a\n', 'UTF-16BE'),
    ],
    [
      'a line that declares the separator',
      '\uFEFF"sep=|"\r\nDate|User agent|Short Url\r\n2026-02-01T00:00:00Z|curl/8|https://s.test/a\r\n',
    ],
  ])('may have %s', async (_, text) => {
    const site = await emptySite()
    expect(await importText(site.db, shlink, text)).toMatchObject({ stored: 1, refused: 0, said: [] })
    expect(await visitsOf(site, 'a')).toMatchObject([{ created_at: '2026-02-01 00:00:00', user_agent: 'curl/8' }])
  })

  it('has its bad lines named, and the others stored', async () => {
    const { db } = await emptySite()
    const lines = [
      'Date,User agent,Short Url',
      'yesterday,curl/8,https://s.test/a',
      '2026-02-01T00:00:00Z,curl/8',
      '2026-02-01T00:00:00Z,"curl/8,https://s.test/a',
      '2026-02-01T00:00:00Z,curl\0/8,https://s.test/a',
      `2026-02-01T00:00:00Z,curl/8,https://s.test/${'a'.repeat(256)}`,
      '2026-02-01T00:00:00Z,curl/8,https://s.test/a',
    ]
    expect(await importText(db, shlink, lines.join('\n'))).toEqual({
      ...{ stored: 1, skipped: 0, refused: 5 },
      said: [
        'line 2: Date must be a time such as 2026-01-31T12:00:00+00:00',
        'line 3: has 2 cells where the header has 3',
        'line 4: has a quote that is opened and not closed',
        'line 5: must not contain NUL',
        'line 6: has too long a short code',
      ],
    })
  })

  it('that is none is refused whole', async () => {
    const { db } = await emptySite()
    await expect(importText(db, shlink, 'a,b\n1,2\n')).rejects.toThrow(
      'line 1: the header must name the columns date, useragent',
    )
    expect(await importText(db, shlink, '')).toMatchObject({ stored: 0, refused: 0 })
  })
})

describe('a YOURLS log', () => {
  it.each(['phpmyadmin.csv', 'without-header.csv', 'mysql-batch.tsv'])(
    'gives the same visits however it was exported: %s',
    async (name) => {
      const site = await emptySite()
      const { said, ...counts } = await importText(site.db, yourls, fixture(`yourls/${name}`))
      expect(counts).toEqual({ stored: 5, skipped: 0, refused: 0 })
      const located = { country: 'United States', country_code: 'US', latitude: expect.stringMatching(/^\d/) }
      const visits = await visitsOf(site, 'ozh')
      expect(visits).toMatchObject([
        {
          created_at: '2026-02-01 00:00:03',
          client_ip: '',
          ...nowhere,
          options: { bot: true, bot_reason: 'user_agent' },
        },
        // Where the address is now is not where the log says it was.
        { ...nowhere, client_ip: '8.8.8.8', country: 'Germany', country_code: 'DE' },
        { ...chrome, ...located, client_ip: '8.8.8.8', options: null },
        { ...chrome, ...located, client_ip: '8.8.8.8', options: null },
      ])
      // A word that this server needs itself.
      const admin = await site.db.prisma.link.findFirstOrThrow({ where: { id: firstLink() + 1n } })
      expect(said).toEqual([`link ${admin.id} has the code ${admin.token}, because admin cannot be one here`])
      expect(await visitsOf(site, admin.token ?? '')).toMatchObject([
        {
          ...{ user_agent: '', client_ip: '10.0.0.7', country: 'localhost', city: 'localhost' },
          options: { referer: 'https://www.example.org/?a=1&b=2' },
        },
      ])
      const again = await importText(site.db, yourls, fixture('yourls/phpmyadmin.csv'))
      expect(again).toEqual({ stored: 0, skipped: 5, refused: 0, said: [] })
    },
  )

  it('has times of its own zone, and addresses as the server keeps them', async () => {
    const site = await emptySite()
    const given = { zone: 'Europe/Berlin', anonymize: true }
    await importText(site.db, yourls, fixture('yourls/phpmyadmin.csv'), given)
    expect((await visitsOf(site, 'ozh'))[3]).toMatchObject({
      ...{ client_ip: '8.8.8.0', country_code: 'US', created_at: '2026-01-31 23:00:00' },
    })
  })

  it('has addresses without the ports that a proxy wrote', async () => {
    const site = await emptySite()
    await importText(site.db, yourls, '1,2026-02-01 00:00:00,ozh,direct,curl/8,"8.8.8.8:51234, 10.0.0.1",US')
    expect(await visitsOf(site, 'ozh')).toMatchObject([{ client_ip: '8.8.8.8', country_code: 'US' }])
  })

  it('goes to links that have its short codes already, behind their visits', async () => {
    const site = await emptySite()
    await storeLinks(site.db, owner, 20)
    await site.db.prisma.token.create({ data: { token: 'ozh', userId: owner, linkId: 20 } })
    await appendVisits(site.db, owner, [newVisit(20)])
    await importText(site.db, yourls, fixture('yourls/phpmyadmin.csv'))
    expect(await site.db.prisma.link.findFirst({ where: { id: 20 } })).toMatchObject({
      ...{ visits: 5n, longUrl: 'https://example.com/20', status: 1 },
    })
  })

  it('never gets at what somebody else, or a recipient, has the code of', async () => {
    const site = await emptySite()
    await storeLinks(site.db, 5, 1)
    await site.db.prisma.token.create({ data: { token: 'ozh', userId: 5, linkId: 1 } })
    await storeLinks(site.db, owner, 20)
    await storeRecipients(site.db, owner, 20, ['1'], ['mine'])
    const rows = ['ozh', 'mine'].map((code) => `1,2026-02-01 00:00:00,${code},direct,curl/8,8.8.8.8,US`)
    const { said, stored } = await importText(site.db, yourls, rows.join('\n'))
    expect([stored, said]).toEqual([
      2,
      [expect.stringMatching(/because ozh is taken here$/), expect.stringMatching(/because mine is taken here$/)],
    ])
    expect(await site.db.prisma.link.findMany({ where: { OR: [{ userId: 5 }, { id: 20 }] } })).toMatchObject([
      { visits: 0n },
      { visits: 0n },
    ])
    expect(await importText(site.db, yourls, rows.join('\n'))).toMatchObject({ stored: 0, skipped: 2, said: [] })
  })

  it.each(['UTF-16LE', 'UTF-16BE', 'UTF-8'] as const)(
    'gives the same visits in %s with a declared separator',
    async (encoding) => {
      const site = await emptySite()
      const text = `sep=;\r\n${fixture('yourls/without-header.csv')}`
      expect(await importText(site.db, yourls, fileBytes(text, encoding))).toMatchObject({ stored: 5, refused: 0 })
      expect(await importText(site.db, yourls, fixture('yourls/phpmyadmin.csv'))).toMatchObject({
        stored: 0,
        skipped: 5,
      })
    },
  )

  it('is refused whole when it is none', async () => {
    const { db } = await emptySite()
    await expect(importText(db, yourls, 'keyword,url\na,b\n')).rejects.toThrow(
      'line 1: the header must name the columns clicktime, shorturl, useragent',
    )
  })

  it('names times that are none', async () => {
    const { db } = await emptySite()
    const text = '1,2026-02-01 00:00:00,a,direct,-,,\n2,0000-00-00 00:00:00,a,direct,-,,\n'
    expect(await importText(db, yourls, text)).toMatchObject({
      ...{ stored: 1, refused: 1 },
      said: ['line 2: click_time must be a time of the calendar in UTC such as 2026-01-31 12:00:00'],
    })
  })
})
