import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, type JwtConfig } from '../config.js'
import type { JwtKeys } from '../http/jwt.js'

/**
 * Keys to check tokens with: as configured, else with a secret made on first start and kept in the data folder.
 *
 * @throws ConfigError when the kept secret cannot be read, or is not one
 */
export async function jwtKeys(config: JwtConfig, dataDir: string): Promise<JwtKeys> {
  if (config.kind !== 'secret') return config
  return { ...config, secret: config.secret ?? (await keptSecret(dataDir)) }
}

const secretFile = 'jwt-secret'

/** `DATA_DIR/jwt-secret`, mode 0600. Two first starts at once agree: the file appears whole, and only once. */
async function keptSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, secretFile)
  try {
    const secret = (await readSecret(file)) ?? (await makeSecret(dataDir, file))
    if (Buffer.byteLength(secret) >= 32) return secret
  } catch (error) {
    throw new ConfigError(`JWT_SECRET is not set, and ${file} cannot be used: ${(error as Error).message}`)
  }
  throw new ConfigError(`JWT_SECRET is not set, and ${file} holds less than 32 bytes: delete it to get a new secret`)
}

/** The secret that is kept in the data folder; null where there is none. */
export const readKeptSecret = (dataDir: string) => readSecret(join(dataDir, secretFile))

/** Keeps a secret where there is none. @returns whether it is the one that is kept now */
export async function keepSecret(dataDir: string, secret: string): Promise<boolean> {
  const file = join(dataDir, secretFile)
  await makeSecret(dataDir, file, secret)
  return (await readSecret(file)) === secret
}

async function readSecret(file: string): Promise<string | null> {
  try {
    const secret = await readFile(file, 'utf8')
    // Not always: a folder mounted read-only allows no chmod, and needs none.
    if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600)
    return secret.trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function makeSecret(
  dataDir: string,
  file: string,
  secret = randomBytes(48).toString('base64url'),
): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  // Not by process id: two containers on one folder can have the same.
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, `${secret}\n`, { mode: 0o600 })
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(draft)
  return (await readSecret(file)) ?? ''
}
