import type { PoolClient } from 'pg'
import { lockOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { inTransaction } from '../database/transaction.js'
import { examineBlocks } from './doctor/blocks.js'
import type { Finding } from './doctor/finding.js'
import { examineLink } from './doctor/link.js'
import { examineOwner } from './doctor/owner.js'
import type { StatisticsSource } from './statistics/source.js'

export interface Examined {
  owners: number
  links: number
  findings: number
  repaired: number
}

export interface ExamineOptions {
  /** Set counters from the rows. The owner's writers wait while one of its links is repaired. */
  repair: boolean
  report: (finding: Finding, isRepaired: boolean) => void
  signal: AbortSignal
  /** Visits that one statement reads. */
  stepRows?: number
}

/**
 * Checks the log's counters against its rows, owner by owner and link by link, while it is in use: each in a transaction
 * that sees one state. Numbers of visits are never changed.
 */
export async function examineLog(db: Database, options: ExamineOptions): Promise<Examined> {
  const { stepRows = 100_000 } = options
  const examined: Examined = { owners: 0, links: 0, findings: 0, repaired: 0 }
  await examine(db, options, examined, null, missingTriggers)
  for await (const ownerId of ids(db, selectOwners, [])) {
    examined.owners += 1
    await examine(db, options, examined, ownerId, (client, repair) => examineOwner(client, ownerId, repair))
    await examineStatistics(db, options, examined, { ownerId, linkId: null })
    for await (const linkId of ids(db, selectLinks, [ownerId])) {
      examined.links += 1
      await examine(db, options, examined, ownerId, (client, repair) =>
        examineLink(client, ownerId, linkId, { stepRows, repair }),
      )
      await examineStatistics(db, options, examined, { ownerId, linkId })
    }
  }
  return examined
}

async function examineStatistics(
  db: Database,
  options: ExamineOptions,
  examined: Examined,
  source: StatisticsSource,
): Promise<void> {
  await examine(db, options, examined, source.ownerId, (client, repair) => examineBlocks(client, source, repair))
}

type Examination = (client: PoolClient, repair: boolean) => Promise<Finding[]>

/** Looks without a lock first; only what is to be repaired is looked at again under it. */
async function examine(
  db: Database,
  { repair, report, signal }: ExamineOptions,
  examined: Examined,
  ownerId: number | null,
  look: Examination,
): Promise<void> {
  signal.throwIfAborted()
  const looking = async (client: PoolClient) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    return look(client, false)
  }
  const repairing = async (client: PoolClient) => {
    await client.query(lockOwner([ownerId]))
    return look(client, true)
  }
  let findings = await inTransaction(db, looking, signal)
  const repairs = repair && findings.some(({ isRepairable }) => isRepairable)
  if (repairs) findings = await inTransaction(db, repairing, signal)
  for (const finding of findings) {
    const isRepaired = repairs && finding.isRepairable
    report(finding, isRepaired)
    examined.findings += 1
    if (isRepaired) examined.repaired += 1
  }
}

/** Constraints that the schema language cannot say, and that somebody may have switched off. */
async function missingTriggers(client: PoolClient): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string }>(selectMissingTriggers([Object.keys(triggers)]))
  return rows.map(({ name }) => {
    return { where: `trigger ${name}`, problem: `is missing or disabled: ${triggers[name]}`, isRepairable: false }
  })
}

const gaps = 'gaps and repeated numbers would be stored'
const staleBlocks = 'statistics would not tell of changes'

/** What would happen without each. */
const triggers: Record<string, string> = {
  visits_dense_positions: gaps,
  visits_prefix_deletion: gaps,
  visits_blocks_updated: staleBlocks,
  visits_blocks_deleted: staleBlocks,
  user_agents_blocks: staleBlocks,
  places_blocks: staleBlocks,
}

/** Ids in their order, some at a time. */
async function* ids(db: Database, select: typeof selectOwners, of: number[]): AsyncGenerator<number> {
  for (let last = 0; ; ) {
    const { rows } = await db.pool.query<{ id: number }>(select([last, ...of]))
    if (rows.length === 0) return
    for (const { id } of rows) {
      yield id
      last = id
    }
  }
}

const selectOwners = statement('SELECT id::float8 FROM owners WHERE owners.id > $1 ORDER BY owners.id LIMIT 1000')

const selectLinks = statement(
  'SELECT id::float8 FROM links WHERE links.id > $1 AND user_id = $2 ORDER BY links.id LIMIT 1000',
)

const selectMissingTriggers = statement(`
SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS t (name, nth)
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = name AND tgenabled IN ('O', 'A')) ORDER BY nth`)
