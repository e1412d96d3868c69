import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { jwtKeys } from '../../src/accounts/jwt-secret.js'
import { ConfigError, readConfig } from '../../src/config.js'

async function dataFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'smart-link-secret-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  return join(parent, 'data')
}

const secretOf = async (dataDir: string, env: Record<string, string> = {}) => {
  const keys = await jwtKeys(readConfig(env).jwt, dataDir)
  return keys.kind === 'secret' ? keys.secret : null
}
const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8)

it('is made on first start, for its owner only, and found again on the next', async () => {
  const dataDir = await dataFolder()
  const secret = await secretOf(dataDir)
  expect(secret).toMatch(/^[\w-]{64}$/)
  expect(await readdir(dataDir)).toEqual(['jwt-secret'])
  expect(await modeOf(join(dataDir, 'jwt-secret'))).toBe('600')
  expect(await secretOf(dataDir)).toBe(secret)
})

it('differs from one installation to the next', async () => {
  expect(await secretOf(await dataFolder())).not.toBe(await secretOf(await dataFolder()))
})

it('is the same for all who start at once for the first time', async () => {
  const dataDir = await dataFolder()
  const secrets = await Promise.all(Array.from({ length: 8 }, () => secretOf(dataDir)))
  expect(new Set(secrets).size).toBe(1)
  expect(await readdir(dataDir)).toEqual(['jwt-secret'])
})

it('that others may read is closed to them', async () => {
  const dataDir = await dataFolder()
  const secret = await secretOf(dataDir)
  await chmod(join(dataDir, 'jwt-secret'), 0o644)
  expect(await secretOf(dataDir)).toBe(secret)
  expect(await modeOf(join(dataDir, 'jwt-secret'))).toBe('600')
})

it.each([
  ['is too short', (file: string) => writeFile(file, 'short\n')],
  ['is empty', (file: string) => writeFile(file, '')],
  ['cannot be read', (file: string) => symlink(file, file)],
])('that %s stops the start in one line, instead of being used or replaced', async (_, spoil) => {
  const dataDir = await dataFolder()
  await secretOf(dataDir)
  const file = join(dataDir, 'jwt-secret')
  await rm(file)
  await spoil(file)
  const start = secretOf(dataDir)
  await expect(start).rejects.toThrow(ConfigError)
  await expect(start).rejects.toThrow(/^JWT_SECRET is not set, and [^\n]*jwt-secret [^\n]+$/)
})

it('is not made where one is given, nor where tokens are signed elsewhere', async () => {
  const dataDir = await dataFolder()
  expect(await secretOf(dataDir, { JWT_SECRET: 'x'.repeat(32) })).toBe('x'.repeat(32))
  expect(await secretOf(dataDir, { JWT_JWKS_URL: 'https://keys.example.com/' })).toBeNull()
  await expect(readFile(join(dataDir, 'jwt-secret'))).rejects.toThrow('ENOENT')
})
