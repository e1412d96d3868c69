import type { Page, Route } from 'playwright-core'

/** From now on such requests wait, until the function is called that comes back. */
export async function hold(page: Page, url: RegExp): Promise<{ held: Route[]; release: () => Promise<void> }> {
  const held: Route[] = []
  let isOver = false
  await page.route(url, (route) => (isOver ? route.continue() : void held.push(route)))
  const release = async () => {
    isOver = true
    await Promise.all(held.map((route) => route.continue()))
  }
  return { held, release }
}
