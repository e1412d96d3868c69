#!/usr/bin/env node
import { spareMemory } from '../heap.js'
import { runCommandLine } from './run.js'

// Imports and exports are small beside their files. A server grows as it needs to.
if (process.argv[2] !== 'serve') spareMemory()

await runCommandLine(process.argv.slice(2), { process, console })
