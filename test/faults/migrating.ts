import { connect, migrationsDirectory } from '../../src/database/connect.js'
import { migrate } from '../../src/database/migrate.js'

/** A process that brings a database to the current schema and can be killed on the way; runs under `fork`. */
export type MigratingWord = 'begins' | 'is done'

const say = (word: MigratingWord) => process.send?.(word)

const [kind, place = ''] = process.argv.slice(2)
say('begins')
if (kind === 'external') await migrate(place, { directory: migrationsDirectory })
else {
  const config = { databaseUrl: undefined, databaseDirectUrl: undefined, databasePrepare: 'auto' as const }
  const connection = await connect({ ...config, databasePool: 2, dataDir: place })
  await connection.close()
}
say('is done')
process.disconnect()
