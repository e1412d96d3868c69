import autocannon from 'autocannon'
import type { LoadPlan, LoadReport } from './load-protocol.js'

/** The same load by autocannon, the generator most benchmarks of Fastify use. */
export async function runAutocannon(plan: LoadPlan): Promise<LoadReport> {
  const { port, paths, headers, variants = [{}], connections, seconds, amount, first } = plan
  let next = first
  // It looks whether it is done once a second.
  const begin = performance.now()
  let end = begin
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    // Of a given number, every answer is waited for; after a given time, those under way are not.
    ...(amount === undefined ? { duration: seconds } : { amount }),
    setupClient: (client) => {
      client.on('response', () => {
        end = performance.now()
      })
    },
    requests: [
      {
        method: 'GET',
        setupRequest: (request) => {
          const at = next++
          return {
            ...request,
            path: paths[at % paths.length] ?? '/',
            headers: { ...headers, ...variants[at % variants.length] },
          }
        },
      },
    ],
  })
  const stats = (result as { statusCodeStats?: Record<string, { count: number }> }).statusCodeStats ?? {}
  const statuses = Object.fromEntries(Object.entries(stats).map(([status, { count }]) => [status, count]))
  const requests = Object.values(statuses).reduce((sum, count) => sum + count, 0)
  return {
    perSecond: (requests * 1000) / (end - begin),
    p50: result.latency.p50,
    p99: result.latency.p99,
    requests,
    bytes: requests === 0 ? 0 : result.throughput.total / requests,
    statuses,
    broken: result.errors,
  }
}
