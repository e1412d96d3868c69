/**
 * Scores the user-agent description against a corpus that lives outside this repository (its licence is not ours).
 *
 *   npm run accuracy -- FOLDER                       every field, and whether it reaches its target
 *   npm run accuracy -- FOLDER --errors browser:40   the forty heaviest mistakes of a field
 *
 * The folder holds the scorer, `score.mjs`, and the corpus, `ua-dev.jsonl`; a path to another corpus may be given instead.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Percent of short-link traffic described as expected; "~" fields accept a phablet as a phone and a model's code. */
const TARGETS = {
  browser: 96,
  browser_version: 96,
  browser_engine: 99.5,
  platform: 99.2,
  platform_version: 99.2,
  'device_type~': 98.7,
  device_brand: 95.5,
  'device_model~': 98,
  is_bot: 99.5,
}

const [given, ...options] = process.argv.slice(2)
if (given === undefined || !existsSync(given)) {
  console.error('usage: npm run accuracy -- <folder of score.mjs and ua-dev.jsonl, or a corpus in it> [scorer options]')
  process.exit(2)
}

const corpus = statSync(given).isDirectory() ? path.join(given, 'ua-dev.jsonl') : given
const scorer = path.join(path.dirname(corpus), 'score.mjs')
const module = fileURLToPath(new URL('../src/capture/user-agent.ts', import.meta.url))
const targets = Object.entries(TARGETS).flatMap(([field, percent]) => ['--min', `${field}=${percent}`])

const { status } = spawnSync(process.execPath, ['--import', 'tsx', scorer, corpus, module, ...targets, ...options], {
  stdio: 'inherit',
})
process.exit(status ?? 1)
