/** Address ranges of well-known access providers: the country, how often, the language of its phones. */
export interface Network {
  weight: number
  /** First address of the range, and how many bits it leaves free. */
  base: string
  hostBits: number
  language: string
}

export const networks: Network[] = [
  { weight: 22, base: '49.36.0.0', hostBits: 18, language: 'en' },
  { weight: 14, base: '106.192.0.0', hostBits: 20, language: 'hi' },
  { weight: 8, base: '117.192.0.0', hostBits: 20, language: 'en' },
  { weight: 12, base: '86.128.0.0', hostBits: 20, language: 'en' },
  { weight: 8, base: '84.128.0.0', hostBits: 20, language: 'de' },
  { weight: 5, base: '90.0.0.0', hostBits: 20, language: 'fr' },
  { weight: 10, base: '73.32.0.0', hostBits: 20, language: 'en' },
  { weight: 5, base: '98.192.0.0', hostBits: 20, language: 'es' },
  { weight: 4, base: '94.200.0.0', hostBits: 17, language: 'ar' },
  { weight: 4, base: '177.32.0.0', hostBits: 20, language: 'pt' },
  { weight: 3, base: '1.128.0.0', hostBits: 20, language: 'en' },
  { weight: 3, base: '88.0.0.0', hostBits: 20, language: 'es' },
]

/** Where previews and crawlers come from. */
export const dataCentres: Network[] = [
  { weight: 60, base: '31.13.64.0', hostBits: 10, language: 'en' },
  { weight: 25, base: '66.249.64.0', hostBits: 12, language: 'en' },
  { weight: 15, base: '149.154.160.0', hostBits: 10, language: 'en' },
]

/** The address at that place of a range. */
export function addressIn({ base }: Network, offset: number): string {
  const first = base.split('.').reduce((number, part) => number * 256 + Number(part), 0)
  const number = first + offset
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}
