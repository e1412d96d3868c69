/** How people, phones and spreadsheets write a phone number, and what of it is the number. Without a list of numbering plans. */

/**
 * Why a text is not a phone number: `rounded` and `decimal` are what spreadsheets make of numbers (4.47701E+11, 447700900123.5),
 * and the digits of the former are lost; messages do not reach an `extension`.
 */
export type MobileProblem = 'not_a_number' | 'decimal' | 'rounded' | 'extension'

/** Digits with at most a `+` in front. `(0)` is kept where it stands between a country code and the rest: `+44(0)7700900123`. */
export type ReadMobile = { mobile: string } | { problem: MobileProblem }

/** How many digits a number has. */
export const mobileDigits = { least: 5, most: 20 }

/**
 * Reads a phone number as it is written anywhere.
 *
 * Left out: invisible marks, separators, quotation marks, a spreadsheet's `'`, `=` and `.0`, `tel:` and its parameters. Digits of
 * all scripts are read. A country of `;phone-context=` comes in front of the number, as RFC 3966 says.
 */
export function readMobile(raw: string, { least, most } = mobileDigits): ReadMobile {
  if (isPlainMobile(raw)) return { mobile: raw }
  if (raw.length > longestText) return notANumber
  const text = unwrap(inAscii(raw.replace(invisible, '')))
  if (exponent.test(text)) return { problem: 'rounded' }
  const number = withoutParameters(text)
  if (number === null) return notANumber
  if (number === 'extension') return { problem: 'extension' }
  const whole = withoutDecimals(number)
  if (whole === null) return { problem: 'decimal' }
  const mobile = withoutSeparators(whole)
  if (mobile === null) return notANumber
  const { length } = mobile.replace(/^\+|\(0\)/g, '')
  return length < least || length > most ? notANumber : { mobile }
}

const notANumber = { problem: 'not_a_number' } as const

/** With all that may stand around a number. */
const longestText = 255

/** Most numbers are written so, and need no reading. */
export const isPlainMobile = (raw: string): boolean => /^\+?\d{5,20}$/.test(raw)

/** Masks hide the last digits of a number: `4477009***`. They are compared as texts. */
export const isMask = (text: string): boolean => /^\+?\d*\*[\d*]*$/.test(text)

/** Marks of directions, joiners, fillers and selectors. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/** Digits of other scripts, full-width signs and what else looks like a sign of ASCII. */
function inAscii(text: string): string {
  // Nothing else is there in nearly all texts.
  if (/^[\x20-\x7e]*$/.test(text)) return text
  return text
    .replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[\u207a\ufe62]/g, '+')
    .replace(/\u066b/g, '.')
    .replace(/\u066c/g, ',')
    .replace(/[^\P{Nd}0-9]/gu, (digit) => digitValue(digit))
}

/** Unicode keeps the ten digits of a script together and in order. */
function digitValue(digit: string): string {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  return String((code - zero) % 10)
}

const exponent = /^[+-]?\d+(?:[.,]\d+)?\s*e\s*[+-]?\d+$/i

/** Takes off what is around a number, such as `="…"`, `'…`, `<tel:…>`. */
function unwrap(text: string): string {
  const bare = text
    .trim()
    .replace(/^=(?=["'+\d(])/, '')
    .replace(/^["'`´‘’‚‛“”„«»′ʼ<]+|["'`´‘’‚‛“”„«»′ʼ>]+$/g, '')
    .replace(/^(?:tel|sms|callto|whatsapp):(?:\/\/)?/i, '')
  return bare === text ? text : unwrap(bare)
}

/** @returns null when what follows is no parameter */
function withoutParameters(text: string): string | 'extension' | null {
  if (!text.includes(';')) return text
  const [number = '', ...parameters] = text.split(';').map((part) => part.trim())
  let context = ''
  for (const parameter of parameters) {
    if (parameter === '') continue
    const [, name = '', value = ''] = /^([a-z][a-z\d-]*)(?:=(.*))?$/i.exec(parameter) ?? []
    if (name === '') return null
    if (/^(ext|isub)$/i.test(name) && value !== '') return 'extension'
    if (/^phone-context$/i.test(name) && value.startsWith('+')) context = value
  }
  if (context === '' || number.startsWith('+')) return number
  return `${context}${number.replace(/^0/, '(0)')}`
}

/**
 * A spreadsheet's `447700900123.0` without the decimals. Points separate groups of digits too, so decimals are only what groups do
 * not look like: a single digit; one or two behind the only point or comma; or behind a sign that separates no other digits.
 *
 * @returns null for decimals that are not zero, and where it cannot be said what they are
 */
function withoutDecimals(text: string): string | null {
  const [, whole = '', sign = '', decimals = ''] = /^(.*)([.,])(\d+)$/s.exec(text) ?? []
  if (sign === '') return text
  const isZero = /^0+$/.test(decimals)
  const digits = whole.replace(/\D/g, '')
  const isLong = decimals.length > 2
  if (/[.,]/.test(whole)) {
    const isGroup = whole.includes(sign) ? decimals.length > 1 : isLong && !isZero
    if (isGroup) return text
    return isZero ? whole : null
  }
  if (!isLong) {
    if (isZero) return whole
    return digits.length >= leastWhole || /^-?\d+$/.test(whole) ? null : text
  }
  if (!isZero || digits.startsWith('0') || digits.length < mobileDigits.least) return text
  return digits.length < leastWhole ? null : whole
}

/** Digits of a number that needs none behind a point or a stroke. */
const leastWhole = 7

/** What people write between digits: blanks, dashes, points, brackets, strokes. */
const separators = /[\s\p{Pd}().[\]/~·•‧∙⋅−⁃⁓∼ー]/gu

/** @returns null when other signs are left */
function withoutSeparators(text: string): string | null {
  // "07700 900123/4" is two numbers.
  const [, first = ''] = /^([^/]*)\/\s*\d{1,2}$/.exec(text) ?? []
  if (first.replace(/\D/g, '').length >= leastWhole) return null
  const ungrouped = /^\+?\d{1,3}(?:[,']\d{3}){2,}$/.test(text) ? text.replace(/[,']/g, '') : text
  const [before = '', after] = ungrouped.split(/[([]\s*0\s*[)\]](.*)/s)
  const parts = [before, after ?? ''].map((part) => part.replace(separators, ''))
  const isBetween = after !== undefined && /^(?:\+|00)?[1-9]\d{0,2}$/.test(parts[0] ?? '') && parts[1] !== ''
  const mobile = parts.join(after === undefined ? '' : isBetween ? '(0)' : '0')
  return /^\+?\d+(?:\(0\)\d+)?$/.test(mobile) ? mobile : null
}
