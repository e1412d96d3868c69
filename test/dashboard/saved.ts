import { buffer } from 'node:stream/consumers'
import type { Download } from 'playwright-core'

/** What the browser has saved: it may run elsewhere, where no path leads to. */
export async function savedContent(download: Download): Promise<Buffer> {
  return buffer(await download.createReadStream())
}
