import UAParser from 'ua-parser-js'

/** What ua-parser-js makes of a user agent, '' where it has nothing to say. */
export type ParsedAgent = {
  readonly browser: string
  readonly browserVersion: string
  readonly engine: string
  readonly os: string
  readonly osVersion: string
  readonly deviceType: string
  readonly deviceVendor: string
  readonly deviceModel: string
}

export function parseAgent(userAgent: string): ParsedAgent {
  const { browser, engine, os, device } = new UAParser(userAgent).getResult()
  return {
    browser: browser.name ?? '',
    browserVersion: browser.version ?? '',
    engine: engine.name ?? '',
    os: os.name ?? '',
    osVersion: os.version ?? '',
    deviceType: device.type ?? '',
    deviceVendor: device.vendor ?? '',
    deviceModel: device.model ?? '',
  }
}
