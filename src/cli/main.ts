#!/usr/bin/env node
import { spareMemory } from '../heap.js'
import { runCommandLine } from './run.js'

// Imports and exports are small beside their files. A server grows as it needs to.
if (process.argv[2] !== 'serve') spareMemory()

// Who reads the output may stop: `smart-link token list | head -1`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(process.exitCode ?? 0)
  })
}

await runCommandLine(process.argv.slice(2), { process, console })
