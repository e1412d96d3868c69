import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { atLeast, atMost, type Table } from './report.js'
import { bearer, type ServerProcess, startOurs } from './servers.js'

const mostMegabytes = 200
/** NDJSON against psql. */
const leastOfPsql = 0.5

/** One way to get all visits of a link out. */
interface Way {
  name: string
  run: () => Promise<Run>
  /** What share of psql's rate is asked of it. */
  asked?: number
}

interface Run {
  /** What arrived. */
  bytes: number
  seconds: number
  /** The most memory that the server's process had at any time since its start; null for psql. */
  megabytes: number | null
}

/** All visits of a link as a file, against what `psql` writes for the same rows. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  for (const database of await context.databases()) tables.push(await exportsOf(context, database))
  return tables
}

async function exportsOf({ rounds }: BenchContext, database: FilledDatabase): Promise<Table> {
  const get = (name: string, format: string, coding = 'identity'): Way => ({
    name,
    run: () => ofFreshServer(database, (server) => download(server, database, format, coding)),
  })
  const ways: Way[] = [
    { name: String.raw`psql, \copy (SELECT row_to_json(…)) TO STDOUT`, run: () => ofPsql(database) },
    { ...get('NDJSON', 'ndjson'), asked: leastOfPsql },
    get('NDJSON, gzip', 'ndjson', 'gzip'),
    get('NDJSON, brotli', 'ndjson', 'br'),
    get('CSV', 'csv'),
    get('Parquet', 'parquet'),
  ]
  const runs = new Map(ways.map((way) => [way, [] as Run[]]))
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ways) runs.get(way)?.push(await way.run())
  }
  const [psql] = runs.values()
  return {
    title: `${database.name}, link with ${database.rows.toLocaleString('en')} visits`,
    columns: ['file', 'rows/s', 'bytes a row', 'of psql', 'asked', 'peak memory of the server, MB', 'asked'],
    rows: [...runs].map(([way, seen]) => {
      const ratio = median(seen.map(({ seconds }, round) => (psql?.[round]?.seconds ?? Number.NaN) / seconds))
      const peaks = seen.flatMap(({ megabytes }) => megabytes ?? [])
      const peak = Math.max(...peaks)
      return [
        way.name,
        Math.round(database.rows / median(seen.map(({ seconds }) => seconds))).toLocaleString('en'),
        String(Math.round((seen[0]?.bytes ?? 0) / database.rows)),
        ratio.toFixed(2),
        way.asked === undefined ? '' : atLeast(way.asked, ratio),
        ...(peaks.length === 0 ? ['', ''] : [peak.toFixed(0), atMost(mostMegabytes, peak)]),
      ]
    }),
    notes: ['Each file came from a server of its own. Peak memory is that of its whole process since its start.'],
  }
}

async function ofFreshServer(database: FilledDatabase, read: (server: ServerProcess) => Promise<number>): Promise<Run> {
  const server = await startOurs(database)
  try {
    return { ...(await timed(() => read(server))), megabytes: await peakMegabytes(server) }
  } finally {
    await server.stop()
  }
}

const ofPsql = async (database: FilledDatabase): Promise<Run> => ({
  ...(await timed(() => psqlCopy(database))),
  megabytes: null,
})

async function timed(read: () => Promise<number>): Promise<{ bytes: number; seconds: number }> {
  const begin = performance.now()
  return { bytes: await read(), seconds: (performance.now() - begin) / 1000 }
}

/** @throws when the file has not as many rows as the link */
async function download(
  { port }: ServerProcess,
  { ownerId, linkId, rows }: FilledDatabase,
  format: string,
  coding: string,
): Promise<number> {
  const path = `/link/urls/${linkId}/visits/export?format=${format}`
  const headers = { ...bearer(ownerId), 'accept-encoding': coding }
  const [answer] = (await once(request({ port, path, headers }).end(), 'response')) as [IncomingMessage]
  let bytes = 0
  for await (const chunk of answer) bytes += (chunk as Buffer).length
  const counted = answer.trailers['x-row-count']
  if (answer.statusCode !== 200 || counted !== String(rows)) {
    throw new Error(`${path} answered ${answer.statusCode} with ${counted} rows instead of ${rows}`)
  }
  return bytes
}

async function psqlCopy({ url, ownerId, linkId }: FilledDatabase): Promise<number> {
  const where = `WHERE v.user_id = ${ownerId} AND v.link_id = ${linkId} ORDER BY v.seq`
  const copy = `\\copy (${`${wireRow} ${where}`.replace(/\s+/g, ' ')}) to stdout`
  const address = new URL(url)
  // A psql older than the server refuses parameters that it does not know.
  for (const name of ['sslnegotiation', 'require_auth']) address.searchParams.delete(name)
  const child = spawn('psql', [address.href, '--no-psqlrc', '--command', copy], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let bytes = 0
  for await (const chunk of child.stdout) bytes += (chunk as Buffer).length
  const [status] = await ended
  if (status !== 0) throw new Error(`psql ended with ${status}`)
  return bytes
}

/** The row of the wire as whoever writes this by hand would write it. */
const wireRow = `
SELECT row_to_json(wire) FROM visits v
JOIN user_agents a ON a.user_id = v.user_id AND a.id = v.user_agent_id
LEFT JOIN places p ON p.user_id = v.user_id AND p.id = v.place_id
LEFT JOIN recipients r ON r.user_id = v.user_id AND r.link_id = v.link_id AND r.id = v.recipient_id
CROSS JOIN LATERAL (SELECT
  v.id, v.user_id::text AS user_id, v.link_id::text AS link_id, coalesce(host(v.client_ip), '') AS client_ip, v.scheme,
  v.host, coalesce(v.query_string, '') AS query_string, coalesce(a.user_agent, '') AS user_agent,
  coalesce(a.browser, '') AS browser, coalesce(a.browser_version, '') AS browser_version,
  coalesce(v.browser_lang, '') AS browser_lang, coalesce(a.browser_engine, '') AS browser_engine, v.resolution,
  coalesce(a.platform, '') AS platform, coalesce(a.platform_version, '') AS platform_version,
  coalesce(a.platform_name, '') AS platform_name, coalesce(a.device_type, '') AS device_type,
  coalesce(a.device_brand, '') AS device_brand, coalesce(a.device_model, '') AS device_model,
  CASE WHEN a.touch_enabled THEN '1' ELSE '0' END AS touch_enabled, coalesce(p.latitude, '') AS latitude,
  coalesce(p.longitude, '') AS longitude, coalesce(p.country, '') AS country,
  coalesce(p.country_code, '') AS country_code, coalesce(p.region, '') AS region, coalesce(p.city, '') AS city,
  coalesce(p.zipcode, '') AS zipcode, coalesce(p.timezone, '') AS timezone, v.options,
  to_char(v.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS created_at, v.visit_id, r.token,
  coalesce(r.message_id, r.token) AS message_id, left(r.mobile, -3) || '***' AS mobile
) wire`

/** Linux tells; elsewhere 0. */
async function peakMegabytes({ pid }: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000
}
