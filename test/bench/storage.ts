import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { atMost, type Table } from './report.js'
import { makeWide } from './wide.js'

const mostBytesAVisit = 450

interface Size {
  name: string
  bytes: number
}

/** Bytes that a visit costs on disk, in our tables and in one wide table with the same rows. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await costs(database), await columnCosts(database))
  return tables
}

async function costs({ db, name }: FilledDatabase): Promise<Table> {
  const rows = await countVisits(db)
  const dropWide = await makeWide(db)
  try {
    await db.pool.query('VACUUM (FREEZE, ANALYZE)')
    const log = await sizes(db, ['visits'])
    const around = await sizes(db, ['user_agents', 'places', 'recipients', 'tokens'])
    const wide = await sizes(db, ['wide'])
    const line = ({ name, bytes }: Size, asked = '') => [
      name,
      bytes.toLocaleString('en'),
      (bytes / rows).toFixed(1),
      asked,
    ]
    const whole = sum([...log, ...around.filter(isDictionary)])
    return {
      title: `${name}, ${rows.toLocaleString('en')} visits`,
      columns: ['relation', 'bytes', 'bytes a visit', 'asked'],
      rows: [
        ...log.map((size) => line(size)),
        ...around.filter(({ bytes }) => bytes / rows >= 0.05).map((size) => line(size)),
        line({ name: '**the log and all it refers to**', bytes: sum([...log, ...around]) }),
        line(
          { name: '**the log without recipients and tokens**', bytes: whole },
          atMost(mostBytesAVisit, whole / rows),
        ),
        ...wide.map((size) => line(size)),
        line({ name: '**the wide table**', bytes: sum(wide) }),
      ],
      notes: ["Our indexes grew with the visits; the wide table's were built at once, which makes them smaller."],
    }
  } finally {
    await dropWide()
  }
}

/** What is in a row of the log, in the order of the table. */
const purposes: Record<string, string> = {
  user_id: 'the owner: every key begins with it',
  link_id: 'the link',
  seq: 'position in the link: pages, feeds, exports, totals',
  account_seq: 'position in the account: the feed over all links',
  human_seq: 'position among the visits of people; null for bots',
  user_agent_id: 'user_agent, browser … touch_enabled',
  place_id: 'latitude, longitude, country … timezone',
  recipient_id: 'token, message_id, mobile',
  created_at: 'when the link was opened',
  recorded_at: 'when that was stored: `complete_through`, `since`',
  id: 'names the visit, so that it is stored once',
  visit_id: 'only of imported visits; of others it follows from the id',
  client_ip: 'the address',
  scheme: 'of the short URL',
  host: 'of the short URL',
  query_string: 'of the short URL',
  browser_lang: 'first language of Accept-Language',
  resolution: 'only of imported visits',
  options: 'why a visit counts as a bot',
}

async function columnCosts({ db, name }: FilledDatabase): Promise<Table> {
  const names = Object.keys(purposes)
  const sums = names.map((column) => `coalesce(sum(pg_column_size(${column})), 0)::text AS ${column}`)
  const { rows } = await db.pool.query<Record<string, string>>(
    `SELECT count(*) AS visits, pg_relation_size('visits') AS bytes, ${sums.join(', ')} FROM visits`,
  )
  const [found = {}] = rows
  const perVisit = (bytes: number) => (bytes / Number(found.visits)).toFixed(1)
  const inColumns = names.reduce((sum, column) => sum + Number(found[column]), 0)
  return {
    title: `${name}, what a row of \`visits\` is made of`,
    columns: ['column', 'bytes a visit', 'what it is for'],
    rows: [
      ...names.map((column) => [column, perVisit(Number(found[column])), purposes[column] ?? '']),
      ['the rest', perVisit(Number(found.bytes) - inColumns), 'header and pointer of a row, alignment, free room'],
    ],
  }
}

/** Other sections may have stored some besides those of the measured link. */
async function countVisits({ pool }: FilledDatabase['db']): Promise<number> {
  const { rows } = await pool.query<{ count: string }>('SELECT count(*) FROM visits')
  return Number(rows[0]?.count)
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
