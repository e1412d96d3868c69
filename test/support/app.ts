import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'fast-jwt'
import type { FastifyInstance } from 'fastify'
import { inject, onTestFinished } from 'vitest'
import { buildApp } from '../../src/app.js'
import { openLocator } from '../../src/capture/location.js'
import { openRecorder, type Recorder } from '../../src/capture/recorder.js'
import { openSpool } from '../../src/capture/spool.js'
import { readConfig } from '../../src/config.js'
import { missingMigrations } from '../../src/database/connect.js'
import { openNotifications } from '../../src/database/notifications.js'
import { type Database, openDatabase } from '../../src/database/open.js'
import type { JwtKeys } from '../../src/http/authenticate.js'
import type { LogTarget } from '../../src/http/log.js'
import type { Load } from '../../src/http/overload.js'
import { createDatabase, type TestDatabase } from './database.js'

export const testSecret = 'a secret of the test suite, at least 32 bytes'

export interface TestApp {
  app: FastifyInstance
  db: Database
  recorder: Recorder
  /** Headers of an owner's token; without a scope it may do everything but see numbers. */
  as: (ownerId: number, scope?: string) => { authorization: string }
  close(): Promise<void>
}

export interface TestAppOptions {
  env?: Record<string, string>
  jwtKeys?: JwtKeys
  log?: LogTarget
  load?: Pick<Load, 'isHigh'>
  /** A database that the test has opened and will drop, instead of one of the app's own. */
  databaseUrl?: string
  /** Routes that only a test has, such as one that throws. */
  extend?: (app: FastifyInstance) => void
}

/** The whole app on an empty database of its own, closed with the test. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await openApp(options)
  onTestFinished(app.close)
  return app
}

/** The same for a whole file: the caller closes it. */
export async function openApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { env = {}, jwtKeys, log, load, databaseUrl, extend } = options
  const { db, url, drop } =
    databaseUrl === undefined ? await createDatabase(inject('templateName')) : sharedDatabase(databaseUrl)
  const config = readConfig({ PUBLIC_URL: 'https://api.example.com', ...env })
  const secret: JwtKeys = {
    kind: 'secret',
    secret: testSecret,
    issuer: config.jwt.issuer,
    audience: config.jwt.audience,
  }
  const notifications = openNotifications(url)
  const directory = await mkdtemp(join(tmpdir(), 'smart-link-spool-'))
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const spool = await openSpool({ directory, maxBytes: 2 ** 26, log: quiet })
  const recorder = openRecorder({ db, spool, waitMs: config.captureWaitMs, log: quiet })
  const locator = await openLocator({ file: config.geoipDb })
  const app = await buildApp({
    db,
    config,
    notifications,
    recorder,
    locator,
    jwtKeys: jwtKeys ?? secret,
    pendingMigrations: () => missingMigrations(url),
    ...(log !== undefined && { log }),
    ...(load !== undefined && { load }),
  })
  extend?.(app)
  await app.ready()
  return {
    app,
    db,
    recorder,
    as: (ownerId, scope) => bearer({ sub: String(ownerId), ...(scope !== undefined && { scope }) }),
    close: async () => {
      await app.close()
      await recorder.close()
      await spool.close()
      await rm(directory, { recursive: true, force: true })
      locator.close()
      await notifications.close()
      await drop()
    },
  }
}

function sharedDatabase(url: string): TestDatabase {
  const db = openDatabase({ url, connections: 4 })
  return { db, url, drop: db.close }
}

/** Headers with a token of these claims, signed with the suite's secret. */
export function bearer(claims: Record<string, unknown>): { authorization: string } {
  return { authorization: `Bearer ${createSigner({ key: testSecret, algorithm: 'HS256' })(claims)}` }
}
