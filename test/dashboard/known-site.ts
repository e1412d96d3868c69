import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import type { TestApp } from '../support/app.js'
import { openBrowser, openDashboard } from './browser.js'
import { storeKnownVisits } from './known-visits.js'
import { openEmptySite } from './site.js'

type Options = Parameters<typeof openDashboard>[3]

/** For all tests of a file: a server with the visits that are known, and a browser. */
export function knownSite() {
  let browser: Browser
  let site: TestApp
  beforeAll(async () => {
    ;[browser, site] = await Promise.all([openBrowser(), openEmptySite()])
    await storeKnownVisits(site)
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })
  return {
    get site() {
      return site
    },
    /** The dashboard at a place, for somebody with a token. */
    open: (hash: string, options?: Options) => openDashboard(browser, site, hash, options),
  }
}
