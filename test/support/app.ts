import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'fast-jwt'
import type { FastifyInstance } from 'fastify'
import { inject, onTestFinished } from 'vitest'
import { buildApp } from '../../src/app.js'
import { openLocator } from '../../src/capture/location.js'
import { logWay } from '../../src/capture/log-way.js'
import { openNetworks } from '../../src/capture/networks.js'
import { openRecorder, type Recorder } from '../../src/capture/recorder.js'
import { openSpool } from '../../src/capture/spool.js'
import { readConfig } from '../../src/config.js'
import { schemaProblem } from '../../src/database/connect.js'
import { type Notifications, openNotifications } from '../../src/database/notifications.js'
import type { Database } from '../../src/database/open.js'
import type { JwtKeys } from '../../src/http/jwt.js'
import type { LogTarget } from '../../src/http/log.js'
import type { Load } from '../../src/http/overload.js'
import { Digests, type DigestsOptions } from '../../src/visits/statistics/digests.js'
import { createDatabase, openPatiently, type TestDatabase } from './database.js'

export const testSecret = 'a secret of the test suite, at least 32 bytes'

export interface TestApp {
  app: FastifyInstance
  db: Database
  url: string
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
  /** Small ones, so that few visits make several chunks of statistics, or none are kept in memory. */
  digests?: DigestsOptions
  /** A database that the test has opened and will drop, instead of one of the app's own. */
  databaseUrl?: string
  /** Routes that only a test has, such as one that throws. */
  extend?: (app: FastifyInstance) => void
}

/**
 * A suite asks more often than a client may, and is refused more often than anybody who guesses. It looks for a click in the log at
 * once, so that one must not go to the spool because the machine is busy.
 */
const unlimited = { RATE_LIMIT: '0', AUTH_FAILURES_LIMIT: '0', CAPTURE_WAIT_MS: '60000' }

/** The whole app on an empty database of its own, closed with the test. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await openApp(options)
  onTestFinished(app.close)
  return app
}

/** The same for a whole file: the caller closes it. */
export async function openApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { env = {}, jwtKeys, log, load, digests, databaseUrl, extend } = options
  const { db, url, drop } =
    databaseUrl === undefined ? await createDatabase(inject('templateName')) : sharedDatabase(databaseUrl)
  const config = readConfig({ ...unlimited, PUBLIC_URL: 'https://api.example.com', ...env })
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
  const recorder = openRecorder({ way: logWay(db), spool, waitMs: config.captureWaitMs, log: quiet })
  const locator = await openLocator({ file: config.geoipDb })
  const networks = await openNetworks({ file: config.asnDb })
  const app = await buildApp({
    db,
    config,
    notifications,
    capture: { recorder, locator, networks },
    api: {
      jwtKeys: jwtKeys ?? secret,
      digests: new Digests(db, digests),
    },
    schemaProblem: () => schemaProblem(url),
    ...(log !== undefined && { log }),
    ...(load !== undefined && { load }),
  })
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, ofTest: true }
  })
  extend?.(app)
  await app.ready()
  await untilListening(notifications)
  return {
    app,
    db,
    url,
    recorder,
    as: (ownerId, scope) => bearer({ sub: String(ownerId), ...(scope !== undefined && { scope }) }),
    close: async () => {
      await app.close()
      await recorder.close()
      await spool.close()
      await rm(directory, { recursive: true, force: true })
      locator.close()
      networks.close()
      await notifications.close()
      await drop()
    },
  }
}

/** Apps of a file that differ in their environment only, on one database. */
export interface TestApps {
  /** The app with these variables, opened when it is first asked for. */
  withEnv(env: Record<string, string>): Promise<TestApp>
  close(): Promise<void>
}

/** For a whole file: the caller closes them. */
export function openApps(): TestApps {
  let database: Promise<TestDatabase> | undefined
  const apps = new Map<string, Promise<TestApp>>()
  const open = async (env: Record<string, string>) => {
    database ??= createDatabase(inject('templateName'))
    return openApp({ env, databaseUrl: (await database).url })
  }
  return {
    withEnv(env) {
      const key = JSON.stringify(env)
      const app = apps.get(key) ?? open(env)
      apps.set(key, app)
      return app
    },
    async close() {
      const opened = await Promise.all(apps.values())
      await Promise.all(opened.map(({ close }) => close()))
      await (await database)?.drop()
    },
  }
}

/** By its own word: to look now and then would move the clock of a test that has stopped it. */
async function untilListening({ isListening, subscribe }: Notifications): Promise<void> {
  if (isListening()) return
  await new Promise<void>((resolve) => {
    const stop = subscribe('visits', () => {
      if (!isListening()) return
      stop()
      resolve()
    })
  })
}

function sharedDatabase(url: string): TestDatabase {
  const db = openPatiently({ url, connections: 4 })
  return { db, url, drop: db.close }
}

/** Headers with a token of these claims, signed with the suite's secret. */
export function bearer(claims: Record<string, unknown>): { authorization: string } {
  return { authorization: `Bearer ${createSigner({ key: testSecret, algorithm: 'HS256' })(claims)}` }
}
