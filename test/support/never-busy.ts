/**
 * Loaded into servers that are processes of their own: they do not find themselves busy. Where a suite runs, the processor is
 * another's for seconds; what is refused in a server that is busy, test/http/overload.test.ts shows.
 */
import { syncBuiltinESMExports } from 'node:module'
import performance from 'node:perf_hooks'

const monitor = performance.monitorEventLoopDelay
performance.monitorEventLoopDelay = (options) =>
  Object.defineProperties(monitor(options), { mean: { value: 0 }, count: { value: 1 } })
syncBuiltinESMExports()
