import { randomUUID } from 'node:crypto'
import { cp, link, mkdir, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Binaries, binariesIn, packageFolder, packageName } from './embedded-binaries.js'
import { VERSION } from './embedded-cluster.js'

/**
 * Where the programs of a major version are kept, laid out as `npm install --prefix` does it: a cluster is read by the programs of its own
 * version only, and those are gone when npm has installed the next one.
 */
export const programsFolder = (root: string, version: string) => join(root, `postgres-programs-${version}`)

/** Keeps the programs that this program brings, once. As links where the disk is the same, so that they take no room. */
export async function keepPrograms(root: string): Promise<void> {
  const home = packageFolder(packageName())
  const place = programsFolder(root, VERSION)
  if (home === null || (await exists(place))) return
  const draft = join(root, `postgres-programs.new-${randomUUID()}`)
  const target = join(draft, 'node_modules', packageName())
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o755 })
    await linkFolder(home, target).catch(async () => {
      await rm(target, { recursive: true, force: true })
      await cp(home, target, { recursive: true, verbatimSymlinks: true })
    })
    await rename(draft, place)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // Another process was faster.
    if (!(await exists(place))) throw error
  }
}

/** The programs that were kept of a version; null where there are none. */
export async function keptPrograms(root: string, version: string): Promise<Binaries | null> {
  const home = join(programsFolder(root, version), 'node_modules', packageName())
  return (await exists(home)) ? binariesIn(home, packageName()) : null
}

async function linkFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o755 })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await linkFolder(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else await link(source, target)
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
