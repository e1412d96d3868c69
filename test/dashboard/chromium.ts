import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the run's browser listens. */
    browserEndpoint: string
  }
}

const executables = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** A global set-up of vitest: one browser for all files; each file connects to it and has windows of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const executablePath = executables.find((path) => existsSync(path))
  if (executablePath === undefined)
    throw new Error(`There is no browser: install chromium (${executables.join(', ')}).`)
  const server = await chromium.launchServer({ executablePath, args: flags, timeout: 150_000, host: '127.0.0.1' })
  project.provide('browserEndpoint', server.wsEndpoint())
  return () => server.close()
}
