/** Address ranges of well-known access providers: how often, the language of its phones, and how far its clocks are ahead of UTC. */
export interface Network {
  weight: number
  /** First address of the range, and how many bits it leaves free. */
  base: string
  hostBits: number
  language: string
  utcHours: number
}

export const networks: Network[] = [
  { weight: 22, base: '49.36.0.0', hostBits: 18, language: 'en', utcHours: 5.5 },
  { weight: 14, base: '106.192.0.0', hostBits: 20, language: 'hi', utcHours: 5.5 },
  { weight: 8, base: '117.192.0.0', hostBits: 20, language: 'en', utcHours: 5.5 },
  { weight: 12, base: '86.128.0.0', hostBits: 20, language: 'en', utcHours: 0 },
  { weight: 8, base: '84.128.0.0', hostBits: 20, language: 'de', utcHours: 1 },
  { weight: 5, base: '90.0.0.0', hostBits: 20, language: 'fr', utcHours: 1 },
  { weight: 10, base: '73.32.0.0', hostBits: 20, language: 'en', utcHours: -6 },
  { weight: 5, base: '98.192.0.0', hostBits: 20, language: 'es', utcHours: -5 },
  { weight: 4, base: '94.200.0.0', hostBits: 17, language: 'ar', utcHours: 4 },
  { weight: 4, base: '177.32.0.0', hostBits: 20, language: 'pt', utcHours: -3 },
  { weight: 3, base: '1.128.0.0', hostBits: 20, language: 'en', utcHours: 10 },
  { weight: 3, base: '88.0.0.0', hostBits: 20, language: 'es', utcHours: 1 },
  { weight: 2, base: '133.32.0.0', hostBits: 18, language: 'ja', utcHours: 9 },
  { weight: 2, base: '41.0.0.0', hostBits: 18, language: 'en', utcHours: 2 },
  { weight: 2, base: '187.128.0.0', hostBits: 18, language: 'es', utcHours: -6 },
  { weight: 2, base: '175.136.0.0', hostBits: 17, language: 'ms', utcHours: 8 },
  { weight: 2, base: '79.0.0.0', hostBits: 18, language: 'it', utcHours: 1 },
  { weight: 1, base: '81.224.0.0', hostBits: 17, language: 'sv', utcHours: 1 },
  { weight: 1, base: '83.0.0.0', hostBits: 18, language: 'pl', utcHours: 1 },
  { weight: 1, base: '142.112.0.0', hostBits: 17, language: 'en', utcHours: -5 },
  { weight: 1, base: '102.88.0.0', hostBits: 17, language: 'en', utcHours: 1 },
]

/** Where previews and crawlers come from. */
export const dataCentres: Network[] = [
  { weight: 60, base: '31.13.64.0', hostBits: 10, language: 'en', utcHours: 0 },
  { weight: 25, base: '66.249.64.0', hostBits: 12, language: 'en', utcHours: 0 },
  { weight: 15, base: '149.154.160.0', hostBits: 10, language: 'en', utcHours: 0 },
]

/** The address at that place of a range. */
export function addressIn({ base }: Network, offset: number): string {
  const first = base.split('.').reduce((number, part) => number * 256 + Number(part), 0)
  const number = first + offset
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}
