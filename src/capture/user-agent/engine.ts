/** Layout engine: ua-parser-js knows it, the contract only names a few otherwise. */
export function nameEngine(userAgent: string, parsedEngine: string): string {
  // Whatever number WebKit claims, Chrome left it for Blink at 28: https://www.chromium.org/blink/
  if (parsedEngine === 'WebKit' && Number(/\bChrome\/(\d{1,3})\./.exec(userAgent)?.[1] ?? 0) >= 28) return 'Blink'
  if (parsedEngine === '' && /\bMSIE \d/.test(userAgent)) return 'Trident'
  return ENGINE_ALIASES.get(parsedEngine) ?? parsedEngine
}

const ENGINE_ALIASES: ReadonlyMap<string, string> = new Map([
  ['EdgeHTML', 'Edge'],
  ['ArkWeb', 'Arkweb'],
  ['w3m', 'Text-based'],
  ['Lynx', 'Text-based'],
  ['Links', 'Text-based'],
])
