import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { catchUp } from '../../src/backup/catch-up.js'
import { writeBackup } from '../../src/backup/write.js'
import { readConfig } from '../../src/config.js'
import { connect, migrationsDirectory } from '../../src/database/connect.js'
import { migrationNames } from '../../src/database/migrate.js'
import { openSession } from '../../src/database/session.js'
import { appendVisits } from '../../src/visits/append.js'
import { cleanUp, dataFolder } from '../database/embedded-site.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'
import { newVisit, storeLinks } from '../support/visits.js'
import { contentOf, emptyDatabase, fill, folder, query, restore, schemaOf } from './site.js'

/** Each way in which rows come, change and go, as servers do it. */
const changes = `
  UPDATE links SET title = E'other\\ttitle', revision = revision + 1 WHERE user_id = 1 AND id = 11;
  UPDATE visits SET client_ip = NULL, query_string = NULL WHERE user_id = 1 AND link_id = 10 AND seq = 2;
  UPDATE links SET first_seq = 2 WHERE user_id = 2 AND id = 10;
  DELETE FROM visits WHERE user_id = 2 AND link_id = 10 AND seq < 2;
  DELETE FROM webhook_deliveries WHERE user_id = 1;
  UPDATE webhook_deliveries SET state = 'delivered' WHERE user_id = 2;
  UPDATE access_tokens SET revoked_at = now() WHERE user_id = 1;
  DELETE FROM reads WHERE user_id = 2;
  INSERT INTO tokens (token, user_id, link_id) VALUES ('late', 1, 10);
  INSERT INTO recipients (user_id, link_id, id, token) VALUES (1, 10, 3, 'late');
  UPDATE links SET last_recipient = 3 WHERE user_id = 1 AND id = 10`

describe('smart-link move', () => {
  it('brings a copy to what its source has become, row by row in every table', async () => {
    const { db, url } = await testDatabase()
    await fill(db)
    const [file, target] = [join(await folder(), 'copy.backup'), await emptyDatabase()]
    const [stream, source] = [createWriteStream(file), await openSession(url)]
    const known = await migrationNames(migrationsDirectory)
    const { signal } = new AbortController()
    const { xmin } = await writeBackup(source, stream, { ownerId: null, jwtSecret: null, known, signal })
    await new Promise((resolve) => stream.end(resolve))
    expect(await restore(db, target, file)).toMatchObject({ status: 0 })
    await db.pool.query(changes)
    await appendVisits(db, 1, [newVisit(10, { recipientId: 3 }), newVisit(12), newVisit(11, { isBot: true })])
    await storeLinks(db, 4, 40)
    await appendVisits(db, 4, [newVisit(40)])
    const copy = await openSession(target)
    await catchUp(source, copy, xmin)
    await Promise.all([source.end(), copy.end()])
    expect(await contentOf(target)).toEqual(await contentOf(url))
    expect(await schemaOf(target)).toEqual(await schemaOf(url))
  })

  it('moves out of the embedded database while visits are stored there, closes it, and opens it again when it is told to', async () => {
    onTestFinished(cleanUp)
    const { db } = await testDatabase()
    const [DATA_DIR, target] = [await dataFolder(), await emptyDatabase()]
    const config = readConfig({ DATA_DIR })
    const embedded = await connect(config)
    await fill(embedded.db)
    await storeLinks(embedded.db, 3, 30)
    let stored = 0
    const refusals: string[] = []
    const writing = (async () => {
      while (refusals.length === 0) {
        await appendVisits(embedded.db, 3, [newVisit(30)]).then(
          () => {
            stored += 1
          },
          ({ message }) => refusals.push(message),
        )
      }
    })()
    const env = { DATABASE_URL: '', DATA_DIR }
    const moved = await runInProcess(db, ['move', '--to', target], { env })
    await writing
    expect(moved).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /^Moved \d+ rows to postgresql:\S+:\d+\/\S+, and \d+ that .*; nothing could be written for \d+\.\d seconds\.\nNow set DATABASE_URL/,
      ),
    })
    expect(moved.stderr).not.toMatch(/\/\/[^ ]*@/)
    await expect(appendVisits(embedded.db, 3, [newVisit(30)])).rejects.toMatchObject({ code: '25006' })
    const { rows } = await embedded.db.pool.query(`SELECT count(*)::int AS visits FROM visits WHERE user_id = 3`)
    expect(rows).toEqual([{ visits: stored }])
    expect(await contentOf(target)).toEqual(await contentOf(embedded.directUrl))
    expect(await schemaOf(target)).toEqual(await schemaOf(embedded.directUrl))

    await expect(connect(config)).rejects.toThrow(
      /^The embedded database was moved to postgresql:\S+: set DATABASE_URL, or run smart-link move --undo\.$/,
    )
    expect(await runInProcess(db, ['move', '--undo'], { env })).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^The embedded database is written to again\. /),
    })
    await embedded.close()
    const again = await connect(config)
    await appendVisits(again.db, 3, [newVisit(30)])
    await again.close()
  })

  it('leaves the embedded database as it was when the other one cannot be used', async () => {
    onTestFinished(cleanUp)
    const { db, url } = await testDatabase()
    await storeLinks(db, 1, 10)
    const DATA_DIR = await dataFolder()
    const embedded = await connect(readConfig({ DATA_DIR }))
    await storeLinks(embedded.db, 3, 30)
    const env = { DATABASE_URL: '', DATA_DIR }
    expect(await runInProcess(db, ['move', '--to', url], { env })).toMatchObject({
      status: 1,
      stderr: 'smart-link: The database has owners already: restore into an empty one.\n',
    })
    await appendVisits(embedded.db, 3, [newVisit(30)])
    await embedded.close()
    expect(await runInProcess(db, ['move', '--undo'], { env })).toMatchObject({
      status: 1,
      stderr: 'smart-link: The embedded database has not been moved.\n',
    })
    const refusals = [
      [['--to', 'mysql://x'], /^smart-link: --to must be /],
      [[], /^smart-link: Give --to an address, or --undo\.$/m],
      [['--to', url, '--undo'], /^smart-link: Give --to an address, or --undo\.$/m],
    ] as const
    for (const [args, said] of refusals) {
      expect(await runInProcess(db, ['move', ...args], { env })).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(said),
      })
    }
    expect(await runInProcess(db, ['move', '--to', url])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^smart-link: DATABASE_URL is set/),
    })
    expect(await query(url, 'SELECT id FROM owners')).toEqual([{ id: '1' }])
  })
})
