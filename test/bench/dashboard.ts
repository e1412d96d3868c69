import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { median } from './compare.js'
import type { BenchContext } from './context.js'
import type { FilledDatabase } from './fill.js'
import { atMost, type Table } from './report.js'
import { bearer, startOurs } from './servers.js'

const executables = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const slowness = 4
const mostMs = 1_000
const mostKilobytes = 200
const settleMs = 3_000

/** How soon a person can use the dashboard who opens it for the first time, on a processor slowed down four times. */
export async function run(context: BenchContext): Promise<Table[]> {
  const executablePath = executables.find((path) => existsSync(path))
  if (executablePath === undefined) {
    context.log('there is no Chromium: the dashboard is not measured')
    return []
  }
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] })
  const tables: Table[] = []
  try {
    for (const database of await context.databases()) {
      const server = await startOurs(database)
      try {
        tables.push(await pagesOf(context, browser, database, `http://127.0.0.1:${server.port}`))
      } finally {
        await server.stop()
      }
    }
  } finally {
    await browser.close()
  }
  return tables
}

interface Opening {
  numbersMs: number
  chartMs: number
  kilobytes: number
}

async function pagesOf({ rounds }: BenchContext, browser: Browser, database: FilledDatabase, base: string) {
  const token = bearer(database.ownerId).authorization.slice('Bearer '.length)
  const pages = [
    { name: 'overview', hash: '#/overview?range=12m', openings: [] as Opening[] },
    { name: 'one link', hash: `#/links/${database.linkId}?range=12m`, openings: [] as Opening[] },
  ]
  // Statistics of a log that is new to the server are made once: that is its own affair.
  for (const { hash } of pages) await open(browser, `${base}/dashboard${hash}`, token)
  const texts: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    texts.push(await textMs(browser, `${base}/health`))
    for (const { hash, openings } of pages) openings.push(await open(browser, `${base}/dashboard${hash}`, token))
  }
  return {
    title: `${database.name}, link with ${database.rows.toLocaleString('en')} visits, processor ${slowness} times slower`,
    columns: ['page', 'numbers, ms', 'chart, ms', 'asked', 'transferred, KB', 'asked'],
    rows: [['a line of text, for scale', median(texts).toFixed(0), '', '', '', ''], ...pages.map(rowOf)],
    notes: [
      'From the start of the navigation, in a window that is there but has nothing cached, until the headline numbers and the chart are there. Transferred: page, scripts and styles until then, compressed.',
    ],
  }
}

function rowOf({ name, openings }: { name: string; openings: Opening[] }): string[] {
  const of = (figure: keyof Opening) => median(openings.map((opening) => opening[figure]))
  const kilobytes = of('kilobytes')
  return [
    name,
    of('numbersMs').toFixed(0),
    of('chartMs').toFixed(0),
    atMost(mostMs, of('chartMs')),
    kilobytes.toFixed(0),
    atMost(mostKilobytes, kilobytes),
  ]
}

/** What the browser itself takes, where there is nothing to make. */
async function textMs(browser: Browser, url: string): Promise<number> {
  const { context, page } = await slowPage(browser)
  await page.addInitScript(`
  const seen = (globalThis.seen = {})
  requestAnimationFrame(function look() {
    if (document.body?.innerText) seen.numbers = seen.chart = performance.now()
    else requestAnimationFrame(look)
  })`)
  await page.goto(url)
  const { numbers } = await seenBy(page)
  await context.close()
  return numbers
}

async function open(browser: Browser, url: string, token: string): Promise<Opening> {
  const { context, page, client } = await slowPage(browser)
  await client.send('Network.enable')
  const ours = new Set<string>()
  let bytes = 0
  client.on('Network.responseReceived', ({ requestId, response }) => {
    if (new URL(response.url).pathname.startsWith('/dashboard')) ours.add(requestId)
  })
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (ours.has(requestId)) bytes += encodedDataLength
  })
  await page.addInitScript(watching(token))
  await page.goto(url)
  const seen = await seenBy(page)
  await context.close()
  return { numbersMs: seen.numbers, chartMs: seen.chart, kilobytes: bytes / 1024 }
}

async function slowPage(browser: Browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
  const page = await context.newPage()
  const client = await context.newCDPSession(page)
  // A person's window is there before the address is typed; the browser is busy with a new one for a while.
  await wait(settleMs)
  await client.send('Emulation.setCPUThrottlingRate', { rate: slowness })
  return { context, page, client }
}

async function seenBy(page: Page): Promise<Watched['seen']> {
  await page.waitForFunction(() => Object.keys((globalThis as unknown as Watched).seen).length === 2)
  return page.evaluate(() => (globalThis as unknown as Watched).seen)
}

interface Watched {
  seen: { numbers: number; chart: number }
}

/** Notes in `seen`, at each frame, what can be seen by then. */
const watching = (token: string) => `
  sessionStorage.setItem('smart-link-token', ${JSON.stringify(token)})
  const seen = (globalThis.seen = {})
  requestAnimationFrame(function look() {
    const numbers = document.querySelectorAll('.tile-value').length > 0
    if (numbers && document.querySelector('.tile-value .skeleton') === null) seen.numbers ??= performance.now()
    if (document.querySelector('.plot canvas') !== null) seen.chart ??= performance.now()
    if (seen.numbers === undefined || seen.chart === undefined) requestAnimationFrame(look)
  })`
