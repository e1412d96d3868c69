import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import type { Table } from './report.js'
import { makeWide } from './wide.js'

interface Size {
  name: string
  bytes: number
}

/** Bytes that a visit costs on disk, in our tables and in one wide table with the same rows. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await costs(database))
  return tables
}

async function costs({ db, name, rows }: FilledDatabase): Promise<Table> {
  const dropWide = await makeWide(db)
  try {
    await db.pool.query('VACUUM (FREEZE, ANALYZE)')
    const log = await sizes(db, ['visits'])
    const around = await sizes(db, ['user_agents', 'places', 'recipients', 'tokens'])
    const wide = await sizes(db, ['wide'])
    const line = ({ name, bytes }: Size) => [name, bytes.toLocaleString('en'), (bytes / rows).toFixed(1)]
    return {
      title: `${name}, ${rows.toLocaleString('en')} visits`,
      columns: ['relation', 'bytes', 'bytes a visit'],
      rows: [
        ...log.map(line),
        ...around.filter(({ bytes }) => bytes / rows >= 0.05).map(line),
        line({ name: '**the log and all it refers to**', bytes: sum([...log, ...around]) }),
        line({
          name: '**the log without recipients and tokens**',
          bytes: sum([...log, ...around.filter(isDictionary)]),
        }),
        ...wide.map(line),
        line({ name: '**the wide table**', bytes: sum(wide) }),
      ],
      notes: ["Our indexes grew with the visits; the wide table's were built at once, which makes them smaller."],
    }
  } finally {
    await dropWide()
  }
}

const sum = (list: Size[]) => list.reduce((total, { bytes }) => total + bytes, 0)
const isDictionary = ({ name }: Size) => /^(user_agents|places)/.test(name)

/** The tables, each followed by its indexes, with all their forks. */
async function sizes({ pool }: FilledDatabase['db'], tables: string[]): Promise<Size[]> {
  const { rows } = await pool.query<{ name: string; bytes: string }>(
    `SELECT relation.name, relation.bytes FROM unnest($1::text[]) WITH ORDINALITY AS t (name, nth),
       LATERAL (
         SELECT t.name, pg_table_size(t.name::regclass) AS bytes, 0 AS nth
         UNION ALL
         SELECT indexrelid::regclass::text, pg_total_relation_size(indexrelid), 1 FROM pg_index WHERE indrelid = t.name::regclass
       ) relation
     ORDER BY t.nth, relation.nth, relation.bytes DESC`,
    [tables],
  )
  return rows.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }))
}
