import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Beside each asset, the same in the two codings that browsers take: compressed once, here, and never while somebody waits. */
export function precompressed(): Plugin {
  let assets = ''
  return {
    name: 'precompressed',
    apply: 'build',
    configResolved({ root, build }) {
      assets = join(root, build.outDir, build.assetsDir)
    },
    closeBundle() {
      for (const file of readdirSync(assets)) {
        const path = join(assets, file)
        const content = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(content))
      }
    },
  }
}
