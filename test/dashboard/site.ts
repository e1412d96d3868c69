import { demoOwner, storeDemo } from '../../src/demo/data.js'
import { openApp, type TestApp, type TestAppOptions } from '../support/app.js'

/** A server that listens, with the demo's links and visits. */
export async function openDemoSite(options: TestAppOptions = {}): Promise<TestApp> {
  const site = await openEmptySite(options)
  await storeDemo(site.db, '127.0.0.1', new Date())
  return site
}

/** The same with nothing in it. */
export async function openEmptySite({ env, ...options }: TestAppOptions = {}): Promise<TestApp> {
  const site = await openApp({ ...options, env: { PUBLIC_URL: '', ...env } })
  await site.app.listen({ port: 0, host: '127.0.0.1' })
  return site
}

export { demoOwner }
