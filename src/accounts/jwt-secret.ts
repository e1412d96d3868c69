import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JwtConfig } from '../config.js'
import type { JwtKeys } from '../http/authenticate.js'

/** Keys to check tokens with: as configured, else with a secret made on first start and kept in the data folder. */
export async function jwtKeys(config: JwtConfig, dataDir: string): Promise<JwtKeys> {
  if (config.kind !== 'secret') return config
  return { ...config, secret: config.secret ?? (await keptSecret(dataDir)) }
}

/** `DATA_DIR/jwt-secret`, mode 0600. Two first starts at once agree: the file appears whole, and only once. */
async function keptSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, 'jwt-secret')
  const kept = await readFile(file, 'utf8').catch(() => null)
  if (kept !== null) {
    await chmod(file, 0o600)
    return kept.trim()
  }
  await mkdir(dataDir, { recursive: true })
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600 })
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(draft)
  return (await readFile(file, 'utf8')).trim()
}
