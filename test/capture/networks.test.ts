import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { asnOf, openNetworks } from '../../src/capture/networks.js'
import { scannerNetworks } from '../../src/capture/scanner-networks.js'
import { openApp, type TestApp } from '../support/app.js'
import { type MmdbNetworks, mmdb } from '../support/mmdb.js'
import { chromeOnMac, storeLink, storeRecipients } from '../support/visits.js'

const gateway = '198.51.100.7'
const cloud = '203.0.113.9'
const carrier = '192.0.2.1'
const networks: MmdbNetworks = {
  '198.51.100.0/24': { autonomous_system_number: 22843n, autonomous_system_organization: 'Proofpoint, Inc.' },
  '203.0.113.0/24': { asn: 'AS16509', as_name: 'Amazon.com, Inc.' },
  '192.0.2.0/24': { autonomous_system_number: 55836n, autonomous_system_organization: 'Reliance Jio' },
  '2001:db8::/32': { autonomous_system_number: 8075n },
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'smart-link-asn-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fileOf(name: string, content: MmdbNetworks): string {
  const file = join(folder, name)
  writeFileSync(file, mmdb(content))
  return file
}

describe('the list of networks', () => {
  it('has each once, with who runs it and what comes from there', () => {
    const numbers = scannerNetworks.map(({ asn }) => asn)
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const { asn, name, why } of scannerNetworks) {
      expect(Number.isSafeInteger(asn) && asn > 0).toBe(true)
      expect(name).not.toBe('')
      expect(why).not.toBe('')
    }
  })

  it.each([
    ['iCloud Private Relay', [36183, 20940, 13335, 54113]],
    ['WARP', [13335, 395747]],
    ['VPN by Google and Google Fi', [15169, 36384, 36385, 43515, 19527]],
    ['Apple', [714, 6185]],
    ['secure web gateways', [22616, 53813, 62044, 55256, 25605, 36692, 54538, 13448, 44444, 40934, 213176, 14600]],
    ['VPN exits', [9009, 60068, 212238, 136787, 207137, 62371, 209103, 39351, 28753, 60781, 62240, 137409, 20473]],
    ['carriers', [55836, 45609, 3320, 7922, 7018, 701, 21928, 22394, 2856, 5607, 3215, 12322, 3352, 4134, 4837, 9808]],
  ])('has none that people leave through: %s', (_, asns) => {
    expect(scannerNetworks.filter(({ asn }) => asns.includes(asn))).toEqual([])
  })
})

describe('the network of an address', () => {
  it.each([
    [{ autonomous_system_number: 64496 }, 64496],
    [{ asn: 'AS64496' }, 64496],
    [{ asn: 64496 }, 64496],
    [{ as_number: 64496 }, 64496],
    [{ traits: { autonomous_system_number: 64496 } }, 64496],
    [{ country: { iso_code: 'DE' } }, null],
    [{ asn: 'none' }, null],
    ['AS64496', null],
    [null, null],
  ])('is read from %j', (record, asn) => {
    expect(asnOf(record)).toBe(asn)
  })

  it('is a scanner by the list, in IPv4 and IPv6; a carrier, an unknown address and this machine are not', async () => {
    const opened = await openNetworks({ file: fileOf('asn.mmdb', networks) })
    onTestFinished(opened.close)
    const addresses = [gateway, cloud, '2001:db8::1', carrier, '192.88.99.1', '2001:4860::1', '127.0.0.1', '10.0.0.1']
    expect(addresses.map(opened.isScanner)).toEqual([true, true, true, false, false, false, false, false])
    expect(addresses.map(opened.isScanner)).toEqual([true, true, true, false, false, false, false, false])
  })

  it('follows the file when that changes, for addresses that were looked up before too', async () => {
    const file = fileOf('changing.mmdb', networks)
    const opened = await openNetworks({ file, pollMilliseconds: 20 })
    onTestFinished(opened.close)
    expect(opened.isScanner(carrier)).toBe(false)
    const next = fileOf('next.mmdb', { '192.0.2.0/24': { autonomous_system_number: 26211n } })
    renameSync(next, file)
    await vi.waitFor(() => expect(opened.isScanner(carrier)).toBe(true), { timeout: 30_000 })
    expect(opened.isScanner(gateway)).toBe(false)
  })

  it('is nothing without a file, and a file that is none fails at once', async () => {
    expect((await openNetworks({ file: undefined })).isScanner(gateway)).toBe(false)
    const file = join(folder, 'text.mmdb')
    writeFileSync(file, 'no database')
    await expect(openNetworks({ file })).rejects.toThrow(`The ASN database ${file} cannot be used`)
  })
})

describe('a visit from a network of scanners', () => {
  const browser = { 'user-agent': chromeOnMac.userAgent ?? '' }
  const silk = {
    'user-agent':
      'Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.4.3 like Chrome/120.0.6099.193 Safari/537.36',
  }
  const sites: Partial<Record<'mark' | 'bot' | 'off', TestApp>> = {}
  beforeAll(async () => {
    const ASN_DB = fileOf('site.mmdb', networks)
    for (const BOT_NETWORKS of ['mark', 'bot', 'off'] as const)
      sites[BOT_NETWORKS] = await openApp({ env: { ASN_DB, BOT_NETWORKS } })
  })
  afterAll(async () => {
    for (const site of Object.values(sites)) await site.close()
  })

  const optionsOf = async (
    policy: 'mark' | 'bot' | 'off',
    clicks: { from: string; sentMsAgo?: number; headers?: object }[],
  ) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const site = sites[policy]
    if (site === undefined) throw new Error('no site')
    const { app, db, as } = site
    const linkId = Number((await db.prisma.link.count()) + 1)
    await storeLink(db, 5, linkId)
    const tokens = clicks.map((_, at) => `for${linkId}x${at}`)
    await storeRecipients(
      db,
      5,
      linkId,
      clicks.map((_, at) => `44770090012${at}`),
      tokens,
    )
    for (const [at, { from, sentMsAgo, headers = browser }] of clicks.entries()) {
      const token = tokens[at] ?? ''
      const sentAt = sentMsAgo === undefined ? null : new Date(Date.now() - sentMsAgo)
      await db.prisma.recipient.update({ where: { token }, data: { sentAt } })
      await app.inject({ url: `/${token}`, remoteAddress: from, headers: { ...headers } })
    }
    const { data } = (await app.inject({ url: `/link/urls/${linkId}/visits?per_page=100`, headers: as(5) })).json()
    return data.map(({ options }: { options: unknown }) => options).reverse()
  }
  const all = [
    { from: gateway },
    { from: cloud },
    { from: '2001:db8::7' },
    { from: carrier },
    { from: cloud, headers: silk },
  ]
  const suspect = { suspect: 'network' }
  const bot = (bot_reason: string) => ({ bot: true, bot_reason })

  it('is marked by default, and stays a person’s', async () => {
    expect(await optionsOf('mark', all)).toEqual([suspect, suspect, suspect, null, null])
    const { rows } = await (sites.mark as TestApp).db.pool.query('SELECT human_visits::int, visits::int FROM links')
    expect(rows).toEqual([{ human_visits: 5, visits: 5 }])
  })

  it('is a bot’s with BOT_NETWORKS=bot, and nothing special with off', async () => {
    expect(await optionsOf('bot', all)).toEqual([bot('network'), bot('network'), bot('network'), null, null])
    expect(await optionsOf('off', all)).toEqual([null, null, null, null, null])
  })

  it('is a bot’s within a minute of the sending, where others have two seconds', async () => {
    const sent = [
      { from: gateway, sentMsAgo: 60_000 },
      { from: gateway, sentMsAgo: 60_001 },
      { from: carrier, sentMsAgo: 2_001 },
      { from: carrier, sentMsAgo: 2_000 },
    ]
    expect(await optionsOf('mark', sent)).toEqual([bot('just_sent'), suspect, null, bot('just_sent')])
    expect(await optionsOf('bot', sent)).toEqual([bot('just_sent'), bot('network'), null, bot('just_sent')])
    expect(await optionsOf('off', sent)).toEqual([null, null, null, bot('just_sent')])
  })

  it('says the surer reason where there is one', async () => {
    const headers = { 'user-agent': 'curl/8.5.0' }
    expect(await optionsOf('bot', [{ from: gateway, headers }])).toEqual([bot('user_agent')])
    expect(await optionsOf('mark', [{ from: gateway, headers }])).toEqual([bot('user_agent')])
  })
})
