import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect, inject, onTestFinished } from 'vitest'
import type { TestApp } from '../support/app.js'
import { addressOf } from '../support/event-stream.js'

/** As long as anything may take on a slow machine with others at work. */
export const patienceMs = 150_000

/** The run's browser; to close it closes the windows that were opened through it. */
export function openBrowser(): Promise<Browser> {
  return chromium.connect(inject('browserEndpoint'), { timeout: patienceMs })
}

export type Size = 'wide' | 'phone'

export interface Look {
  size?: Size
  scheme?: 'light' | 'dark'
  /** Null: nobody has given one yet. */
  token?: string | null
}

const sizes: Record<Size, BrowserContextOptions> = {
  wide: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
}

/**
 * The dashboard of a site in a window of its own, closed with the test. What it must never do is watched all the while: fail
 * in a script, be stopped by its own policy, ask anybody but the server, or show the token in an address.
 */
export async function openDashboard(browser: Browser, site: TestApp, hash = '', look: Look = {}): Promise<Page> {
  const { size = 'wide', scheme = 'light', token = tokenOf(site) } = look
  const context = await browser.newContext({
    ...sizes[size],
    colorScheme: scheme,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  const base = addressOf(site)
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    // Answers that are errors are said to the person; the browser says them too.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) wrong.push(message.text())
  })
  page.on('request', (request) => {
    const url = request.url()
    const isOwn = url.startsWith(`${base}/`) || url.startsWith(`blob:${base}/`)
    if (!isOwn || (token !== null && url.includes(token))) wrong.push(url)
  })
  onTestFinished(async () => {
    await context.close()
    expect(wrong).toEqual([])
  })
  if (token !== null) {
    await page.addInitScript((text) => {
      if (sessionStorage.getItem('started') === null) sessionStorage.setItem('smart-link-token', text)
      sessionStorage.setItem('started', 'yes')
    }, token)
  }
  await page.goto(`${base}/dashboard${hash}`)
  return page
}

export const tokenOf = (site: TestApp, scope?: string) => site.as(26, scope).authorization.slice('Bearer '.length)
