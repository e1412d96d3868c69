const ENGINE_ALIASES: ReadonlyMap<string, string> = new Map([
  ['EdgeHTML', 'Edge'],
  ['ArkWeb', 'Arkweb'],
  ['w3m', 'Text-based'],
  ['Lynx', 'Text-based'],
  ['Links', 'Text-based'],
])

/** Layout engine: ua-parser-js knows it, the contract only names a few otherwise. */
export function nameEngine(parsed: string): string {
  return ENGINE_ALIASES.get(parsed) ?? parsed
}
