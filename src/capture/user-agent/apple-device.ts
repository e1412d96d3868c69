import { nameAppleModel } from './apple-models.js'

/**
 * Model of an iPhone, iPad or iPod, as exactly as the application around the browser states it.
 *
 * Safari itself says no more than `iPhone`.
 */
export function readAppleModel(userAgent: string): string {
  const hardwareId = /\b(?:iPhone|iPad|iPod)\d{1,2},\d{1,2}(?!\d)/.exec(userAgent)?.[0]
  if (hardwareId !== undefined) return nameAppleModel(hardwareId)
  const product = MARKETING_NAME.exec(userAgent)
  if (product) return ['iPhone', product[1], product[2]].filter(Boolean).join(' ')
  const naver = NAVER_CODE.exec(userAgent)
  if (naver) return spellNaverCode(naver)
  return /\b(?:iPad|iPhone|iPod(?: touch)?|HomePod|Apple Watch)(?![a-z])/i.exec(userAgent)?.[0] ?? ''
}

/** `(iPhone 13 Pro; iOS 17.1.1; …)`, `Device/Apple(iPhone 7Plus)` */
const MARKETING_NAME = /\(iPhone (\d{1,2}[a-z]?|X[SR]?|SE)(?: ?(Pro Max|Pro|Plus|Max|Mini|mini))?\b/

/** Naver's own code behind its version: `NAVER(inapp; search; 690; 10.17.0; 6SPLUS)` */
const NAVER_CODE = /NAVER\(inapp; [^)]*; (X[SR]?|SE|\d{1,2})(S)?(PROMAX|PRO|PLUS|MAX|MINI)?\)/

function spellNaverCode([, generation = '', s = '', size = '']: RegExpExecArray): string {
  const sizes: Readonly<Record<string, string>> = {
    PROMAX: ' Pro Max',
    PRO: ' Pro',
    PLUS: ' Plus',
    MAX: ' Max',
    MINI: ' Mini',
  }
  return `iPhone ${generation}${s.toLowerCase()}${sizes[size] ?? ''}`
}
