import pg from 'pg'
import type { Database } from '../../src/database/open.js'

/** A statement as the code sent it. */
export interface SentStatement {
  text: string
  values: unknown[]
  /** Prepared under a name, so that PostgreSQL may plan it once for all values. */
  isNamed: boolean
}

/** Statements that a piece of code sends, kept by watching the connections of the pool. */
export interface StatementWatch {
  of(work: () => Promise<unknown>): Promise<SentStatement[]>
}

/** To be called before the pool connects for the first time. */
export function watchStatements({ pool }: Database): StatementWatch {
  let sent: SentStatement[] = []
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const watched = (...args: unknown[]) => {
      sent.push(sentStatement(args))
      return query(...args)
    }
    Object.assign(client, { query: watched })
  })
  return {
    async of(work) {
      sent = []
      await work()
      return sent
    },
  }
}

function sentStatement([query, values]: unknown[]): SentStatement {
  if (typeof query === 'string') return { text: query, values: Array.isArray(values) ? values : [], isNamed: false }
  const { text, values: own = [], name } = query as pg.QueryConfig
  return { text, values: own, isNamed: name !== undefined }
}

/** What a statement did to the visits. */
export interface VisitsAccess {
  /** Indexes of visits that it used. */
  indexes: string[]
  /** Whether it read the table from end to end. */
  isSequential: boolean
  /** Rows and index entries of visits that were looked at, those thrown away included. */
  touched: number
}

/**
 * Runs a statement as often as it takes PostgreSQL to settle for a plan for all values, and says what each run did. All is
 * rolled back.
 */
export async function explain({ pool }: Database, { text, values, isNamed }: SentStatement): Promise<VisitsAccess[]> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`PREPARE explained AS ${text}`)
    const execute = `EXECUTE explained${values.length === 0 ? '' : `(${values.map(literal).join(', ')})`}`
    const runs: VisitsAccess[] = []
    for (let run = 0; run < (isNamed ? 7 : 1); run++) {
      await client.query('SAVEPOINT run')
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${execute}`,
      )
      await client.query('ROLLBACK TO run')
      runs.push(...rows.map((row) => accessOf(row['QUERY PLAN'][0].Plan)))
    }
    return runs
  } finally {
    await client.query('ROLLBACK')
    client.release(true)
  }
}

/** What PostgreSQL counted for a table while a statement ran, its triggers included, again and again. Rolled back. */
export async function rowsRead({ pool }: Database, table: string, { text, values }: SentStatement) {
  const client = await pool.connect()
  const count = async () => {
    const { rows } = await client.query<{ read: number; scans: number }>(
      `SELECT (seq_tup_read + idx_tup_fetch)::int AS read, seq_scan::int AS scans
       FROM pg_stat_xact_user_tables WHERE relid = $1::regclass`,
      [table],
    )
    return rows[0] ?? { read: 0, scans: 0 }
  }
  try {
    await client.query('BEGIN')
    const runs: { rowsRead: number; sequentialScans: number }[] = []
    for (let run = 0; run < 7; run++) {
      const before = await count()
      await client.query('SAVEPOINT run')
      await client.query({ name: 'counted', text, values })
      await client.query('ROLLBACK TO run')
      const after = await count()
      runs.push({ rowsRead: after.read - before.read, sequentialScans: after.scans - before.scans })
    }
    return runs
  } finally {
    await client.query('ROLLBACK')
    client.release(true)
  }
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: PlanNode[]
}

function accessOf(plan: PlanNode): VisitsAccess {
  const nodes = nodesOf(plan).filter((node) => {
    const isWrite = node['Node Type'] === 'ModifyTable'
    return !isWrite && (node['Relation Name'] === 'visits' || node['Index Name']?.startsWith('visits_') === true)
  })
  const touched = nodes.map((node) => {
    const rows = [node['Actual Rows'], node['Rows Removed by Filter'], node['Rows Removed by Index Recheck']]
    return rows.reduce<number>((sum, number) => sum + (number ?? 0), 0) * node['Actual Loops']
  })
  return {
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].sort(),
    isSequential: nodes.some((node) => node['Node Type'] === 'Seq Scan'),
    touched: Math.round(touched.reduce((sum, rows) => sum + rows, 0)),
  }
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString())
  if (Array.isArray(value)) {
    const items = value.map((item) => (item === null ? 'NULL' : JSON.stringify(String(item))))
    return pg.escapeLiteral(`{${items.join(',')}}`)
  }
  return pg.escapeLiteral(String(value))
}
