import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

/** A part of a page by its heading. */
export const card = (page: Page, title: string) => page.getByRole('region', { name: title })

/** Waits until the numbers above the pictures are these. */
export async function expectTiles(page: Page, wanted: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(wanted)) {
    const tile = page.locator('.tile').filter({ has: page.getByText(name, { exact: true }) })
    await tile.locator('.tile-value').getByText(value, { exact: true }).waitFor()
  }
}

/** Waits until what is found has these texts, one each: what is read at once may not be there yet. */
export async function expectTexts(found: Locator, wanted: unknown[]): Promise<void> {
  const texts = async () => (await found.allInnerTexts()).map((text) => text.trim().replace(/\s+/g, ' '))
  await expect.poll(texts).toEqual(wanted)
}

/** Drags over the chart from one bucket to another, of so many. */
export async function dragOverChart(page: Page, first: number, last: number, buckets: number): Promise<void> {
  const over = page.locator('.plot .u-over')
  const box = await over.boundingBox()
  if (box === null) throw new Error('There is no chart.')
  const at = (bucket: number) => box.x + (box.width * (bucket + 0.6)) / (buckets + 0.2)
  const y = box.y + box.height / 2
  await page.mouse.move(at(first - 0.3), y)
  await page.mouse.down()
  await page.mouse.move(at(last + 0.3), y, { steps: 4 })
  await page.mouse.up()
}
