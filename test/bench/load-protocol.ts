/** What the benchmark asks its load process, and what it hears back. */

export interface LoadPlan {
  generator: Generator
  port: number
  /** Sent in turn, again from the start after the last. */
  paths: string[]
  /** Of every request. */
  headers: Record<string, string>
  /** Further headers, a set for each request in turn. */
  variants?: Record<string, string>[]
  connections: number
  seconds: number
  /** So many requests instead, and every answer is waited for. Autocannon only: ours waits in any case. */
  amount?: number
  /** Requests a second, whether answers keep up or not; without it each connection sends as soon as it is answered. Ours only. */
  rate?: number
  /** Index of the first path, so that later rounds do not repeat the earlier ones. */
  first: number
}

/** Ours takes less of the machine, so it flatters the bare route most; autocannon is what others measure with. */
export type Generator = 'own' | 'autocannon'

export interface LoadReport {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  requests: number
  /** Mean size of a body. */
  bytes: number
  /** Answers by status code. */
  statuses: Record<number, number>
  /** Connections that broke or could not be opened. */
  broken: number
}
