import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { contentHash, firstLine } from '../../src/backup/file-format.js'
import { writeBackup } from '../../src/backup/write.js'
import { migrationsDirectory } from '../../src/database/connect.js'
import { migrate, migrationNames } from '../../src/database/migrate.js'
import { openSession } from '../../src/database/session.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'
import { contentOf, emptyDatabase, fill, folder, query, restore } from './site.js'

const objects = `SELECT relname AS name FROM pg_class WHERE relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
  UNION ALL SELECT nspname FROM pg_namespace WHERE nspname ~ '^smart'`

async function site() {
  const { db, url } = await testDatabase()
  await fill(db)
  const file = join(await folder(), 'all.backup')
  expect(await runInProcess(db, ['backup', file])).toMatchObject({ status: 0 })
  const content = await readFile(file)
  /** What restoring such a file says, and that nothing is left of it. */
  const refusal = async (changed: Buffer, target: string) => {
    await writeFile(file, changed)
    const { status, stderr } = await restore(db, target, file)
    expect(status).toBe(1)
    expect(await query(target, objects)).toEqual([])
    return stderr.trimEnd().split('\n').at(-1)
  }
  return { db, url, file, content, refusal }
}

/** The text of a backup with a digest that fits. */
function packed(lines: string[]): Buffer {
  const content = `${lines.join('\n')}\n`
  const sha256 = contentHash().update(content).digest('hex')
  return gzipSync(`${content}${JSON.stringify({ rows: {}, sha256 })}\n`)
}

describe('smart-link restore', () => {
  it('refuses a file that is cut off or altered anywhere, says so in a line, and leaves nothing behind', async () => {
    const { content, refusal } = await site()
    const target = await emptyDatabase()
    const text = gunzipSync(content)
    const cutOff = 'smart-link: The file is cut off: it does not end as a backup does.'
    for (const share of [0.6, 0.999]) {
      expect(await refusal(content.subarray(0, Math.floor(content.length * share)), target)).toBe(cutOff)
    }
    // Cut and compressed again: within a row, within the last line.
    for (const at of [text.lastIndexOf('\\.\n') - 7, text.length - 5]) {
      expect(await refusal(gzipSync(text.subarray(0, at)), target)).toBe(cutOff)
    }
    const flipped = Buffer.from(content)
    const middle = Math.floor(content.length / 2)
    flipped.writeUInt8(flipped.readUInt8(middle) ^ 0x10, middle)
    expect(await refusal(flipped, target)).toMatch(/^smart-link: The file is damaged: /)
    const altered = Buffer.from(text.toString('latin1').replace('127.0.0.1', '127.0.0.2'), 'latin1')
    expect(await refusal(gzipSync(altered), target)).toBe(
      'smart-link: The file is damaged: its content is not what was written.',
    )
    for (const other of [Buffer.from('id,created_at\n'), gzipSync('id,created_at\n1,2\n')]) {
      expect(await refusal(other, target)).toBe('smart-link: The file is no backup of smart-link.')
    }
    expect(await refusal(Buffer.alloc(0), target)).toBe(cutOff)
    expect(await refusal(gzipSync(text.toString().replace(firstLine, 'smart-link backup 2')), target)).toBe(
      'smart-link: The file has format 2, and this program reads format 1.',
    )
  })

  it('refuses a backup of a newer schema by both names, and loads one of an older schema, which it brings up to date', async () => {
    const { db, content, refusal } = await site()
    const target = await emptyDatabase()
    const names = await migrationNames(migrationsDirectory)
    const lines = gunzipSync(content).toString().split('\n').slice(0, 2)
    const newer = lines.map((line) => line.replace('"migrations":[', '"migrations":["20991231000000_later",'))
    expect(await refusal(packed(newer), target)).toBe(
      `smart-link: The backup has the schema 20991231000000_later, and this program only knows ${names.at(-1)}: ` +
        'install the version that made it, or a newer one.',
    )
    const old = await emptyDatabase()
    await migrate(old, { directory: migrationsDirectory, only: names.slice(0, 6) })
    await query(old, `INSERT INTO owners (id) VALUES (1)`)
    await query(
      old,
      `INSERT INTO links (user_id, id, long_url, last_recipient) VALUES (1, 5, 'https://example.com/', 1)`,
    )
    await query(old, `INSERT INTO tokens (token, user_id, link_id) VALUES ('abc', 1, 5)`)
    await query(old, `INSERT INTO recipients (user_id, link_id, id, token, mobile) VALUES (1, 5, 1, 'abc', '+41 79')`)
    const file = join(await folder(), 'old.backup')
    const session = await openSession(old)
    const stream = createWriteStream(file)
    const signal = new AbortController().signal
    await writeBackup(session, stream, { ownerId: null, jwtSecret: null, known: names, signal })
    await new Promise((resolve) => stream.end(resolve))
    await session.end()
    expect(await restore(db, target, file)).toMatchObject({ status: 0 })
    // As the upgrade of such a database leaves it, without keys of numbers; those of the server are made with its epoch.
    await migrate(old, { directory: migrationsDirectory })
    expect({ ...(await contentOf(target)), backups: [], server_keys: [] }).toEqual(await contentOf(old))
    expect(await query(target, 'SELECT mobile_rule FROM owners')).toEqual([{ mobile_rule: '' }])
  })

  it('refuses a database that has owners, that is used, or that is of something else', async () => {
    const { url, file } = await site()
    const before = await contentOf(url)
    const { stderr } = await restore((await testDatabase()).db, url, file)
    expect(stderr).toBe('smart-link: The database has owners already: restore into an empty one.\n')
    expect(await contentOf(url)).toEqual(before)
    const used = await emptyDatabase()
    const session = await openSession(used)
    const other = (await testDatabase()).db
    expect(await restore(other, used, file)).toMatchObject({
      status: 1,
      stderr: 'smart-link: A server or command of smart-link uses the database: stop it first.\n',
    })
    await session.end()
    await query(used, 'CREATE TABLE customers (id int)')
    expect(await restore(other, used, file)).toMatchObject({
      status: 1,
      stderr: 'smart-link: The database holds tables of something else, such as customers: use an empty one.\n',
    })
  })
})
