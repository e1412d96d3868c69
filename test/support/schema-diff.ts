/**
 * SQL that leads from the migrations to prisma/schema.prisma; empty when they agree.
 *
 * Prisma's own engine as WebAssembly, with an in-memory database as the shadow, because `prisma migrate diff` needs a
 * native engine that many machines cannot download. `npm run migration:sql` prints the next migration.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine as Engine } from '@prisma/schema-engine-wasm'
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg'
import { PrismaPGlite } from 'pglite-prisma-adapter'

// Node's types know WebAssembly as a namespace of types only.
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>
}

const prismaFolder = new URL('../../prisma/', import.meta.url)

export async function schemaDiff(): Promise<string> {
  const { exitCode } = process
  const schemaEngine = await openEngine()
  const schema = { path: 'schema.prisma', content: readFileSync(new URL('schema.prisma', prismaFolder), 'utf8') }
  const { stdout } = await schemaEngine.diff({
    from: { tag: 'migrations', ...migrationList() },
    to: { tag: 'schemaDatamodel', files: [schema] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  // PGlite has set it, as if its initdb were this process.
  process.exitCode = exitCode
  return (stdout ?? '').replace('-- This is an empty migration.', '').trim()
}

async function openEngine(): Promise<Engine> {
  const file = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm')
    .replace(/\.js$/, '_bg.wasm')
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': { ...engine } })
  engine.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
  const schema = readFileSync(new URL('schema.prisma', prismaFolder), 'utf8')
  const shadow = bindMigrationAwareSqlAdapterFactory(new PrismaPGlite(new PGlite()))
  return engine.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, shadow)
}

function migrationList() {
  const folder = new URL('migrations/', prismaFolder)
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  return {
    baseDir: fileURLToPath(folder),
    lockfile: { path: 'migration_lock.toml', content: readFileSync(new URL('migration_lock.toml', folder), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: names.map((name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: readFileSync(new URL(`${name}/migration.sql`, folder), 'utf8') },
      },
    })),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await schemaDiff())
