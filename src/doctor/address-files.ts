import { readFile } from 'node:fs/promises'
import { readerOf } from '../capture/city-reader.js'
import { installedCityFiles } from '../capture/location.js'
import type { Config } from '../config.js'
import type { Finding } from './finding.js'

const dayMs = 86_400_000

/** Networks move: after a year a file is wrong about many of them. */
const oldDays = 365

/** How old the files are that places and networks of addresses are read from. */
export async function examineAddressFiles(
  { geoipDb, asnDb, botNetworks }: Pick<Config, 'geoipDb' | 'asnDb' | 'botNetworks'>,
  now = new Date(),
): Promise<Finding[]> {
  const places = await examineFile('places', 'GEOIP_DB', geoipDb ?? installedCityFiles().ipv4, now)
  if (asnDb === undefined) return [places, { level: 'ok', topic: 'networks', text: 'none: ASN_DB is not set' }]
  const networks = await examineFile('networks', 'ASN_DB', asnDb, now)
  if (botNetworks !== 'off') return [places, networks]
  return [places, { ...networks, text: `${networks.text}; BOT_NETWORKS is off: it is not used` }]
}

async function examineFile(topic: string, variable: string, file: string, now: Date): Promise<Finding> {
  try {
    const { databaseType, buildEpoch } = readerOf(await readFile(file)).metadata
    const days = Math.max(0, Math.floor((now.getTime() - buildEpoch.getTime()) / dayMs))
    const text = `${databaseType} of ${buildEpoch.toISOString().slice(0, 10)}, ${days} days old`
    return days > oldDays
      ? { level: 'warn', topic, text: `${text}: get a newer one for ${variable}` }
      : { level: 'ok', topic, text }
  } catch (error) {
    return { level: 'fail', topic, text: `${variable} cannot be used: ${(error as Error).message}` }
  }
}
