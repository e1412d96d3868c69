import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { storeTokens } from './ledger.js'
import { startVictim, type Victim } from './postgres.js'
import { type ServerOptions, type ServerProcess, startServer } from './server.js'

/** What one file of tests works on. */
export interface Site {
  dataDir: string
  postgres: Victim
  /** Started on the site's database and folder; killed with the test. */
  server(options?: Pick<ServerOptions, 'env' | 'only' | 'largestFileBlocks'>): Promise<ServerProcess>
}

/** A cluster and a data folder for the file that calls it; whatever a test does to them ends with the test. */
export function faultSite(): () => Site {
  let site: Site | null = null
  let root = ''
  const servers: ServerProcess[] = []
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'smart-link-faults-'))
    await chmod(root, 0o711)
    const postgres = await startVictim(join(root, 'database'))
    await storeTokens(postgres.url)
    const dataDir = join(root, 'data')
    const server: Site['server'] = async (options = {}) => {
      const started = await startServer({ url: postgres.url, dataDir, ...options })
      servers.push(started)
      return started
    }
    site = { dataDir, postgres, server }
  })
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.kill()
    await site?.postgres.thaw()
    await site?.postgres.start()
  })
  afterAll(async () => {
    await site?.postgres.kill()
    await rm(root, { recursive: true, force: true })
  })
  return () => {
    if (site === null) throw new Error('the site is there when tests run')
    return site
  }
}
