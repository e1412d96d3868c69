import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { storeLinks } from '../support/visits.js'
import { openBrowser, openDashboard } from './browser.js'
import { openEmptySite } from './site.js'

let browser: Browser
let site: TestApp
beforeAll(async () => {
  ;[browser, site] = await Promise.all([openBrowser(), openEmptySite()])
  await storeLinks(site.db, 26, 21)
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

const built = new URL('../../dist/dashboard/', import.meta.url)

it.each([
  ['#/overview', '.plot canvas'],
  ['#/links/21', '.map svg'],
])('%s loads less than 200 KB of page, scripts and styles, compressed', async (hash, last) => {
  const page = await openDashboard(browser, site, '', { token: null })
  const assets = new Set<string>()
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/dashboard/assets/')) assets.add(basename(pathname))
  })
  const token = site.as(26).authorization.slice('Bearer '.length)
  await page.evaluate((text) => sessionStorage.setItem('smart-link-token', text), token)
  await page.goto(`${page.url().replace(/#.*/, '')}${hash}`)
  await page.reload()
  await page.locator(last).waitFor()
  const sizes = await Promise.all(
    [...assets].map(async (name) => (await readFile(new URL(`assets/${name}.gz`, built))).length),
  )
  const html = gzipSync(await readFile(new URL('index.html', built))).length
  expect(assets.size).toBeGreaterThan(2)
  expect(html + sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000)
})
