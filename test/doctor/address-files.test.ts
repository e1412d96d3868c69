import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { examineAddressFiles } from '../../src/doctor/address-files.js'
import { mmdb } from '../support/mmdb.js'

const now = new Date('2026-11-30T12:00:00Z')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'smart-link-ages-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fileOf(name: string, built: string): string {
  const file = join(folder, name)
  writeFileSync(file, mmdb({ '192.0.2.0/24': { asn: 64496 } }, 6, new Date(built)))
  return file
}

it('says how old the files are, and warns after a year', async () => {
  const geoipDb = fileOf('city.mmdb', '2025-11-29T00:00:00Z')
  const asnDb = fileOf('asn.mmdb', '2026-11-27T00:00:00Z')
  expect(await examineAddressFiles({ geoipDb, asnDb, botNetworks: 'mark' }, now)).toEqual([
    { level: 'warn', topic: 'places', text: 'Test-City of 2025-11-29, 366 days old: get a newer one for GEOIP_DB' },
    { level: 'ok', topic: 'networks', text: 'Test-City of 2026-11-27, 3 days old' },
  ])
})

it('fails for a file that cannot be used, and says which are not', async () => {
  const geoipDb = fileOf('city.mmdb', '2026-11-29T00:00:00Z')
  const asnDb = join(folder, 'none.mmdb')
  const [, missing] = await examineAddressFiles({ geoipDb, asnDb, botNetworks: 'mark' }, now)
  expect(missing).toMatchObject({
    level: 'fail',
    topic: 'networks',
    text: expect.stringMatching(/^ASN_DB cannot be used: ENOENT/),
  })
  const [, none] = await examineAddressFiles({ geoipDb, asnDb: undefined, botNetworks: 'mark' }, now)
  expect(none).toEqual({ level: 'ok', topic: 'networks', text: 'none: ASN_DB is not set' })
  const [, off] = await examineAddressFiles({ geoipDb, asnDb: geoipDb, botNetworks: 'off' }, now)
  expect(off?.text).toBe('Test-City of 2026-11-29, 1 days old; BOT_NETWORKS is off: it is not used')
})
