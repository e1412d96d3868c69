import { Agent, type IncomingMessage, request } from 'node:http'
import { appendVisits } from '../../src/visits/append.js'
import { median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { atMost, markdown, type Table } from './report.js'
import { bearer, type ServerProcess, startOurs, startOwn } from './servers.js'
import { type StatisticsLog, spreadLogs } from './stats-logs.js'
import { openTraffic } from './traffic.js'

const fields = [
  ...['browser', 'platform', 'device_type', 'device_brand', 'country_code', 'region', 'city', 'browser_lang', 'host'],
  ...['weekday', 'hour'],
]
const single = [
  'totals only',
  ...fields.map((field) => `group_by=${field}`),
  ...['hour', 'day', 'week', 'month'].map((interval) => `interval=${interval}`),
]
const pairs = fields.flatMap((first, at) => fields.slice(at + 1).map((second) => `group_by=${first},${second}`))

const mostSingleMs = 5
const mostPairMs = 25

interface Choice {
  name: string
  /** @param nth of the asks: borders move, so that no answer is asked for twice */
  query(nth: number): string
}

const choices: Choice[] = [
  { name: 'all time', query: () => '' },
  { name: 'all but two days', query: (nth) => `from=2023-08-02T00:00:${second(nth)}Z&to=2026-07-29T00:00:00Z` },
  { name: 'a year', query: (nth) => `from=2025-01-01T00:00:${second(nth)}Z&to=2026-01-01T00:00:00Z` },
  { name: 'a month', query: (nth) => `from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:${second(nth)}Z` },
  {
    name: 'Kathmandu, odd half hours',
    query: (nth) => `timezone=Asia/Kathmandu&from=2025-02-11T13:30:${second(nth)}&to=2025-08-29T04:30:00`,
  },
  {
    name: 'a year in Lord Howe',
    query: (nth) => `timezone=Australia/Lord_Howe&from=2024-07-01T00:00:${second(nth)}&to=2025-07-01`,
  },
  { name: 'of a country', query: () => 'filter[country_code]=IN' },
  { name: 'bots=exclude', query: () => 'bots=exclude' },
  {
    name: 'both, a year',
    query: (nth) => `filter[country_code]=IN&bots=exclude&from=2025-01-01T00:00:${second(nth)}Z`,
  },
]

const second = (nth: number) => String(nth % 60).padStart(2, '0')

/** How long answers with statistics take: a link of three years, an account of a thousand links, and after a restart. */
export async function run(context: BenchContext): Promise<Table[]> {
  const tables: Table[] = []
  const keep = (table: Table) => {
    context.log(markdown(table))
    tables.push(table)
  }
  for (const database of await context.databases()) {
    const { link, account } = await spreadLogs(database)
    const visits = `${database.name}, ${database.rows.toLocaleString('en')} visits in three years`
    const asks = context.smoke ? 1 : 4 * context.rounds + 1
    await atServer(database, async (server) => {
      const ask = asker(server, link)
      const alone = await grouped(`${visits}, one link`, ask, single, asks, mostSingleMs)
      keep({
        ...alone,
        notes: [...(alone.notes ?? []), `An empty answer of a bare route: ${(await bareMs(asks)).toFixed(1)} ms.`],
      })
      keep(await grouped(`${visits}, one link, by two fields`, ask, pairs, Math.ceil(asks / 2), mostPairMs))
      keep(await whileVisitsCome(`${visits}, one link, each right after ten new visits`, database, link, ask))
    })
    await atServer(database, async (server) => {
      const ask = asker(server, account)
      const alone = [...single, 'group_by=link']
      keep(await grouped(`${visits}, an account of ${account.links} links`, ask, alone, asks, null))
      const two = fields.map((field) => `group_by=link,${field}`)
      keep(await grouped(`${visits}, an account of ${account.links} links, by two fields`, ask, two, asks, null))
    })
    keep(await afterRestart(visits, database, [link, account]))
  }
  return tables
}

type Ask = (query: string) => Promise<number>

/** Medians of what each question takes under each choice; of many questions only some are shown. */
async function grouped(
  title: string,
  ask: Ask,
  questions: string[],
  asks: number,
  bound: number | null,
): Promise<Table> {
  const times = new Map<string, number[]>()
  const nameOf = (question: string, choice: Choice) => `${question} ${choice.name}`
  for (let nth = -1; nth < asks; nth += 1) {
    for (const question of questions) {
      for (const choice of choices) {
        // An hourly series of everything has too many buckets.
        if (question === 'interval=hour' && choice.name !== 'a month') continue
        const time = await ask([question, choice.query(nth + 1)].filter((text) => text.includes('=')).join('&'))
        const key = nameOf(question, choice)
        if (nth >= 0) times.set(key, [...(times.get(key) ?? []), time])
      }
    }
  }
  const medians = questions.map((question) => ({
    question,
    values: choices.map((choice) => {
      const seen = times.get(nameOf(question, choice))
      return seen === undefined ? null : median(seen)
    }),
  }))
  const worst = (values: (number | null)[]) => Math.max(...values.map((value) => value ?? 0))
  const slowest = medians.toSorted((a, b) => worst(b.values) - worst(a.values))
  const shown = questions.length <= 20 ? medians : slowest.slice(0, 8)
  const all = medians.flatMap(({ values }) => values.flatMap((value) => value ?? []))
  return {
    title,
    columns: ['ms', ...choices.map(({ name }) => name), ...(bound === null ? [] : ['asked'])],
    rows: shown.map(({ question, values }) => [
      question,
      ...values.map((value) => (value === null ? '' : value.toFixed(1))),
      ...(bound === null ? [] : [atMost(bound, worst(values))]),
    ]),
    notes: [
      `${questions.length > shown.length ? `The slowest of ${questions.length}. ` : ''}Median of all: ${median(all).toFixed(1)} ms.`,
    ],
  }
}

/** What is in memory must be brought up to date before each answer. */
async function whileVisitsCome(
  title: string,
  { db, rows }: FilledDatabase,
  { ownerId, linkId }: StatisticsLog,
  ask: Ask,
): Promise<Table> {
  const visitAt = await openTraffic(linkId ?? 0, 1)
  let next = rows + (Math.floor(Date.now() / 100) % 1_000_000_000)
  const questions = ['totals only', 'group_by=browser', 'group_by=hour', 'interval=month', 'group_by=city,browser']
  const lines: string[][] = []
  for (const question of questions) {
    const times: number[] = []
    for (let nth = 0; nth < 11; nth += 1) {
      const visits = Array.from({ length: 10 }, () => ({ ...visitAt(next++), createdAt: new Date() }))
      await appendVisits(db, ownerId, visits)
      times.push(await ask(question.includes('=') ? question : ''))
    }
    lines.push([question, median(times).toFixed(1)])
  }
  return { title, columns: ['all time', 'ms'], rows: lines }
}

/** The first questions that a server which knows nothing is asked, in this order. */
async function afterRestart(visits: string, database: FilledDatabase, logs: StatisticsLog[]): Promise<Table> {
  const questions = [
    '',
    'group_by=browser',
    'interval=month',
    'group_by=city&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z',
    'group_by=browser,city',
    'group_by=browser&filter[country_code]=IN&bots=exclude',
  ]
  const columns: string[][] = []
  for (const log of logs) {
    await atServer(database, async (server) => {
      const ask = asker(server, log)
      const times: number[] = []
      for (const question of questions) times.push(await ask(question))
      columns.push(times.map((time) => time.toFixed(0)))
    })
  }
  return {
    title: `${visits}, first asked after a restart, in this order`,
    columns: ['question', ...logs.map(({ linkId }) => (linkId === null ? 'account, ms' : 'link, ms'))],
    rows: questions.map((question, nth) => [question || 'totals only', ...columns.map((times) => times[nth] ?? '')]),
  }
}

async function atServer(database: FilledDatabase, work: (server: ServerProcess) => Promise<void>): Promise<void> {
  const server = await startOurs(database)
  try {
    await work(server)
  } finally {
    await server.stop()
  }
}

/** What HTTP takes by itself: an empty answer of a bare route, asked for in the same way. */
async function bareMs(asks: number): Promise<number> {
  const server = await startOwn('./bare.ts', { BODY_FILE: '/dev/null' })
  try {
    const ask = timer(server, '/ready-made', {})
    const times: number[] = []
    for (let nth = 0; nth < 100 * asks; nth += 1) times.push(await ask(''))
    return median(times)
  } finally {
    await server.stop()
  }
}

function asker(server: ServerProcess, { ownerId, linkId }: StatisticsLog): Ask {
  return timer(server, linkId === null ? '/link/visits/stats' : `/link/urls/${linkId}/visits/stats`, bearer(ownerId))
}

/** One request after another over one connection: what the server takes, and what HTTP takes around it. */
function timer({ port }: ServerProcess, path: string, headers: Record<string, string>): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return async (query) => {
    const start = performance.now()
    const address = `${path}?${query.replaceAll('[', '%5B').replaceAll(']', '%5D')}`
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: address, headers, agent }, resolve).on('error', reject).end()
    })
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk as Buffer)
    const time = performance.now() - start
    if (answer.statusCode !== 200) throw new Error(`${address}: ${answer.statusCode} ${Buffer.concat(chunks)}`)
    return time
  }
}
