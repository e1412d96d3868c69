import { defineConfig } from 'prisma/config'

// The command line insists on a native schema engine even where only its WebAssembly is used. On a machine that cannot
// download one, any file that exists satisfies that check. Not for `migrate`, which really runs the engine.
const command = process.argv.find((word) =>
  ['generate', 'validate', 'format', 'version', 'migrate', 'db'].includes(word),
)
if (command !== undefined && command !== 'migrate' && command !== 'db') {
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
