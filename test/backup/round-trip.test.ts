import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { migrationsDirectory } from '../../src/database/connect.js'
import { migrate } from '../../src/database/migrate.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'
import { contentOf, emptyDatabase, fill, folder, query, restore, schemaOf } from './site.js'

const restored = { status: 0, stdout: '' }

describe('smart-link backup and restore', () => {
  it('bring every row of every table and the whole schema back into a database that is wholly empty', async () => {
    const { db, url } = await testDatabase()
    await fill(db)
    const before = await contentOf(url)
    expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([])
    const file = join(await folder(), 'all.backup')
    expect(await runInProcess(db, ['backup', file])).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /^Backed up \d+ rows as of 20\S+Z, \d+ bytes\. Not in it: DATA_DIR\/jwt-secret and /,
      ),
    })
    const target = await emptyDatabase()
    expect(await restore(db, target, file)).toMatchObject(restored)
    const after = await contentOf(target)
    // The file that it came from is noted as one, here and there.
    expect(after.backups).toEqual((await contentOf(url)).backups)
    expect({ ...after, backups: [] }).toEqual({ ...before, backups: [] })
    expect(await schemaOf(target)).toEqual(await schemaOf(url))
    expect(await query(target, `SELECT relname FROM pg_class WHERE relkind = 'S'`)).toEqual([])
    const epochs = await query(url, 'SELECT number, id FROM log_epochs')
    expect(epochs).not.toEqual([])
    expect(await query(target, 'SELECT number, id FROM log_epochs')).toEqual(expect.arrayContaining(epochs))
  })

  it('do so through pipes, into a database that has the schema and no owners', async () => {
    const [source, target] = [await testDatabase(), await emptyDatabase()]
    await fill(source.db)
    await migrate(target, { directory: migrationsDirectory })
    await query(target, `INSERT INTO server_keys VALUES ('cursor', '\\x01')`)
    const file = join(await folder(), 'piped.backup')
    expect(await runInProcess(source.db, ['backup', file])).toMatchObject(restored)
    const piped = await runInProcess(source.db, ['restore', '-'], {
      input: await readFile(file),
      env: { DATABASE_URL: target },
    })
    expect(piped).toMatchObject(restored)
    expect(await contentOf(target)).toEqual(await contentOf(source.url))
    expect(await schemaOf(target)).toEqual(await schemaOf(source.url))
  })

  it('--user takes rows of one owner, and nothing of another or of the installation', async () => {
    const { db, url } = await testDatabase()
    await fill(db)
    const file = join(await folder(), 'one.backup')
    expect(await runInProcess(db, ['backup', '--user', '2', file])).toMatchObject({ status: 0 })
    const target = await emptyDatabase()
    expect(await restore(db, target, file)).toMatchObject(restored)
    const [all, one] = [await contentOf(url), await contentOf(target)]
    const ofInstallation = ['backups', 'server_keys']
    const tables = Object.keys(all).filter((name) => !ofInstallation.includes(name))
    for (const name of tables) {
      const column = name === 'owners' ? 'id' : 'user_id'
      const rows = await query(
        url,
        `SELECT t::text AS row FROM "${name}" t WHERE ${column} = 2 ORDER BY t::text COLLATE "C"`,
      )
      expect({ name, rows: one[name] }).toEqual({ name, rows: rows.map(({ row }) => row) })
    }
    expect(one.owners).toHaveLength(1)
    expect(one.backups).toEqual([])
    expect(one.server_keys?.filter((key) => all.server_keys?.includes(key))).toEqual([])
    expect(gunzipSync(await readFile(file)).toString()).not.toContain('o1x1')
    expect(await runInProcess(db, ['backup', '--user', '9', file])).toMatchObject({
      status: 1,
      stderr: 'smart-link: There is no owner 9.\n',
    })
  })

  it('keep the secret of JWTs when they are asked to, and never replace one', async () => {
    const { db } = await testDatabase()
    const [here, there] = [await folder(), await folder()]
    const file = join(here, 'secret.backup')
    const [secret, other] = ['s'.repeat(48), 'o'.repeat(48)]
    const backup = ['backup', '--with-jwt-secret', file]
    const env = { DATA_DIR: here, JWT_SECRET: '' }
    expect(await runInProcess(db, backup, { env })).toMatchObject({
      status: 1,
      stderr: `smart-link: There is no ${join(here, 'jwt-secret')}: no server has made one yet.\n`,
    })
    await writeFile(join(here, 'jwt-secret'), `${secret}\n`)
    expect(await runInProcess(db, backup, { env })).toMatchObject({ status: 0 })
    const target = await emptyDatabase()
    expect(await restore(db, target, file, { DATA_DIR: there })).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`The secret of JWTs is in ${join(there, 'jwt-secret')}.`),
    })
    expect(await readFile(join(there, 'jwt-secret'), 'utf8')).toBe(`${secret}\n`)
    await writeFile(join(there, 'jwt-secret'), other)
    expect(await restore(db, await emptyDatabase(), file, { DATA_DIR: there })).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('holds another secret, which stays.'),
    })
    expect(await readFile(join(there, 'jwt-secret'), 'utf8')).toBe(other)
  })
})
