import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { recordsOfErased, withoutPerson } from '../visits/set-aside.js'
import type { CaptureLog } from './capture-log.js'
import { ignoreMissing } from './spool-folder.js'
import { decodeSegment, encodeRecord, recordOf, type SpooledVisit } from './spool-record.js'

export interface SpoolErasureOptions {
  db: Database
  /** That of the spool. */
  directory: string
  log: CaptureLog
}

const lookEveryMs = 3_600_000
/** A file that was just written may not be whole yet. */
const leastAgeMs = 60_000

/** Blanks, at the start and every hour, visits in .bad files whose person was erased since. */
export function openSpoolErasure({ db, directory, log }: SpoolErasureOptions): Pick<Rounds, 'close'> {
  return openRounds({
    everyMs: lookEveryMs,
    round: async () => {
      const blanked = await blankSetAside(db, directory)
      if (blanked > 0) log.info({ visits: blanked }, 'visits in .bad files are blank now: their person was erased')
    },
    onError: (error) => log.error({ err: error }, 'visits of erased persons in .bad files could not be blanked'),
  })
}

/**
 * The rest of a file stays as it is; so does what is damaged, of which nobody can say whose it was.
 *
 * @returns how many visits
 */
export async function blankSetAside(db: Database, directory: string, ageMs = leastAgeMs): Promise<number> {
  const names = (await readdir(directory).catch(ignoreMissing)) ?? []
  let blanked = 0
  for (const name of names.filter((name) => name.endsWith('.bad'))) {
    const path = join(directory, name)
    const found = await stat(path).catch(ignoreMissing)
    if (found !== undefined && Date.now() - found.mtimeMs >= ageMs) blanked += await blankFile(db, path)
  }
  return blanked
}

async function blankFile(db: Database, path: string): Promise<number> {
  const bytes = await readFile(path).catch(ignoreMissing)
  if (bytes === undefined) return 0
  const { visits, foreign, damaged, tornBytes } = decodeSegment(bytes)
  const records: unknown[] = [...foreign.map(recordOf), ...visits]
  const erased = await recordsOfErased(db, records)
  if (erased.size === 0) return 0
  const kept = records.map((record, nth) => {
    if (erased.has(record)) return encodeRecord(withoutPerson(record) as SpooledVisit)
    return foreign[nth] ?? encodeRecord(record as SpooledVisit)
  })
  const whole = Buffer.concat([...damaged, ...kept, bytes.subarray(bytes.length - tornBytes)])
  await writeFile(`${path}.new`, whole, { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
  return erased.size
}
