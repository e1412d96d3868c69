import type { BenchContext } from './context.js'
import type { Generator, LoadReport } from './load-protocol.js'
import type { ServerProcess } from './servers.js'

/** One way of asking one server. */
export interface Case {
  name: string
  server: ServerProcess
  paths: string[]
  headers?: Record<string, string>
  /** What every answer must have; 200 unless given. */
  status?: number
  /** Instead of the one asked for. */
  generator?: Generator
  /** What share of the baseline's rate is asked of it. */
  asked?: number
}

export interface CaseResult {
  name: string
  /** Medians over the rounds. */
  perSecond: number
  p50: number
  p99: number
  bytes: number
  /** Of the baseline's rate: the median of the rounds' ratios. */
  ratio: number
  /** The least ratio that is asked of it. */
  asked?: number
}

const connections = 16

/**
 * Measures a baseline and cases against each other: every round runs all of them in turn, so that whatever else the
 * machine does meanwhile meets them alike.
 *
 * @throws when an answer has another status than its case wants: such a figure means nothing
 */
export async function compare(context: BenchContext, baseline: Case, cases: Case[]): Promise<CaseResult[]> {
  const all = [baseline, ...cases]
  const seen = new Map(all.map((one) => [one, [] as LoadReport[]]))
  const positions = new Map(all.map((one) => [one, 0]))
  const measure = async (one: Case, seconds: number): Promise<LoadReport> => {
    const first = positions.get(one) ?? 0
    const { server, paths, headers = {} } = one
    const report = await context.load.measure({
      generator: one.generator ?? context.generator,
      port: server.port,
      paths,
      headers,
      connections,
      seconds,
      first,
    })
    refuseFailures(one, report)
    positions.set(one, first + report.requests + connections)
    return report
  }
  const warmUpSeconds = Math.min(1, context.seconds)
  for (const one of all) await measure(one, warmUpSeconds)
  for (let round = 0; round < context.rounds; round += 1) {
    for (const one of all) seen.get(one)?.push(await measure(one, context.seconds))
  }
  const rates = (one: Case) => (seen.get(one) ?? []).map(({ perSecond }) => perSecond)
  const ceiling = rates(baseline)
  return all.map((one) => {
    const reports = seen.get(one) ?? []
    return {
      name: one.name,
      perSecond: median(rates(one)),
      p50: median(reports.map(({ p50 }) => p50)),
      p99: median(reports.map(({ p99 }) => p99)),
      bytes: median(reports.map(({ bytes }) => bytes)),
      ratio: median(rates(one).map((rate, round) => rate / (ceiling[round] ?? Number.NaN))),
      ...(one.asked !== undefined && { asked: one.asked }),
    }
  })
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

function refuseFailures({ name, status = 200 }: Case, report: LoadReport): void {
  const codes = Object.keys(report.statuses)
  if (report.requests > 0 && report.broken === 0 && codes.every((code) => code === String(status))) return
  throw new Error(
    `${name}: ${report.requests} answers, ${report.broken} broken connections, ${JSON.stringify(report.statuses)}`,
  )
}
