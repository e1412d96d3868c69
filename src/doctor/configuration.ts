import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { Config } from '../config.js'
import { type Finding, findings } from './finding.js'

/** What every variable by itself allows, and what together is hardly meant. */
export function examineConfiguration(config: Config): Finding[] {
  const { databaseUrl, dataDir, host, port, publicUrl, shortUrl, logLevel } = config
  const wrong: Omit<Finding, 'topic'>[] = []
  const warn = (text: string) => wrong.push({ level: 'warn', text })
  if (publicUrl === undefined && !isLoopback(host)) {
    warn('PUBLIC_URL is not set: addresses in answers name whatever host a request says')
  }
  for (const [name, url] of Object.entries({ PUBLIC_URL: publicUrl, SHORT_URL: shortUrl })) {
    if (url?.startsWith('http:') && !isLoopback(new URL(url).hostname)) {
      warn(`${name} begins with http: what is sent there can be read on its way, access tokens too`)
    }
  }
  if (databaseUrl !== undefined && config.jwt.kind === 'secret' && config.jwt.secret === undefined) {
    warn('JWT_SECRET is not set: it is made and kept in DATA_DIR, and JWTs of one server do not count at another')
  }
  if (logLevel === 'silent') warn('LOG_LEVEL is silent: nobody is told of what goes wrong')
  const database = databaseUrl === undefined ? 'the embedded database' : `the database at ${new URL(databaseUrl).host}`
  return findings('configuration', wrong, `port ${port} of ${host}, ${database}, data in ${resolve(dataDir)}`)
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}
