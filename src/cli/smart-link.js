#!/usr/bin/env node
// The command `smart-link`. It stands in a checkout before anything is built there, and never builds by itself: a server may be running
// from what is built.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../../dist/cli/main.js', import.meta.url)
const folder = fileURLToPath(new URL('../../', import.meta.url))

if (!existsSync(main)) stop(`Smart Link is not built yet: run npm install && npm run build in ${folder}`)
else {
  await import(main.href).catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    stop(`Smart Link misses a package: run npm install in ${folder} (${error.message})`)
  })
}

/** @param {string} line */
function stop(line) {
  console.error(line)
  process.exitCode = 1
}
