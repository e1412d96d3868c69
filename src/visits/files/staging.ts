/** Visits of a file on their way into the log, kept in a temporary table: sorting them takes no memory here. */
import { type Database, statement } from '../../database/open.js'
import type { WireVisit } from './wire-row.js'

export interface StagedVisit extends WireVisit {
  line: number
}

export interface Staging {
  add(visits: StagedVisit[]): Promise<void>
  /** Batches in the order of their time; visits of the same time in the order of the file. */
  inTimeOrder(batchSize: number): AsyncGenerator<StagedVisit[]>
  close(): Promise<void>
}

/** On a connection of its own until it is closed; the table goes with the connection. */
export async function openStaging(db: Database): Promise<Staging> {
  const client = await db.connectDirectly()
  try {
    await client.query('SET statement_timeout = 0')
    await client.query('CREATE TEMP TABLE staged_visits (created_ms int8, line int8, visit text)')
  } catch (error) {
    await client.end()
    throw error
  }
  return {
    add: async (visits) => {
      await client.query(
        insertVisits([
          `{${visits.map(({ line }) => line).join()}}`,
          `{${visits.map(({ visit }) => visit.createdAt.getTime()).join()}}`,
          visits.map((visit) => JSON.stringify(visit)).join('\n'),
        ]),
      )
    },
    async *inTimeOrder(batchSize) {
      await client.query('CREATE UNIQUE INDEX ON staged_visits (created_ms, line)')
      await client.query('ANALYZE staged_visits')
      let after: [string, string] = [String(Number.MIN_SAFE_INTEGER), '0']
      for (;;) {
        const { rows } = await client.query<StagedRow>(selectVisits([...after, batchSize]))
        const last = rows.at(-1)
        if (last === undefined) return
        after = [last.created_ms, last.line]
        yield rows.map(({ visit }) => stagedVisit(visit))
      }
    },
    close: () => client.end(),
  }
}

interface StagedRow {
  created_ms: string
  line: string
  visit: string
}

function stagedVisit(json: string): StagedVisit {
  const staged = JSON.parse(json) as StagedVisit
  staged.visit.createdAt = new Date(staged.visit.createdAt)
  return staged
}

/** JSON texts have no line ends, and one long text is read faster than an array of texts. */
const insertVisits = statement(`
INSERT INTO staged_visits (line, created_ms, visit)
SELECT * FROM unnest($1::int8[], $2::int8[], string_to_array($3::text, E'\\n'))`)

const selectVisits = statement(`
SELECT created_ms, line, visit FROM staged_visits
WHERE (created_ms, line) > ($1::int8, $2::int8)
ORDER BY created_ms, line LIMIT $3`)
