import { createRequire } from 'node:module'
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { LRUCache } from 'lru-cache'
import { isMask } from '../recipient-files/mobile-text.js'
import { givenMobile } from './given-mobile.js'
import { type NumberingPlan, numberingPlan, splitCallingCode } from './numbering-plan.js'

/** When two texts are the number of one person. */
export interface MobileRule {
  /** Two rules of one name give the same keys. */
  readonly name: string
  /** What numbers are compared by; equal for all spellings of a number, and different for different numbers. */
  keyOf(mobile: string): string
  /** Whether it is the number without its last digits: `4477009***` is a mask of +447700900123. */
  isMaskOf(mask: string, mobile: string): boolean
  /** Digits of texts with this key: how those are found that have no key yet, or one by another rule. */
  spellingsOf(key: string): string[]
  /** The number with its country code, where it has none and the rule says the country; else as it is. */
  international(mobile: string): string
}

/** Raised when the rule below changes, so that stored keys are made again. */
const revision = 2

/** Of keys that lead nowhere but to themselves. A number's begins with a digit, `?` is the database's own (migration mobile_key). */
const foreignMark = '!'

const rules = new Map<CountryCode | undefined, MobileRule>()

/**
 * The rule by which numbers are compared. The key of a number is:
 *
 * 1. With `+`, or with `00` where that makes a number of a possible length: its digits in E.164, without what is dialled within a
 *    country only (`+44 (0)7700 900123`), as libphonenumber knows it.
 * 2. With a default country, digits without either: the national number's E.164 digits, if they begin with that country's own
 *    prefix (0 in most), or are one of its mobile numbers. Otherwise, where they are international digits (`447700900123`) and
 *    where they are no number of the country: themselves.
 * 3. Without one, digits without either: themselves. International digits then are equal to case 1, and a national number is
 *    itself. Nothing else can be told from it: `9019955123` is Indian to one sender, and no number to another.
 *
 * What the library does not know (short codes, test numbers) is compared by its digits, a mask and what is no number as a text.
 *
 * Mexico wrote a 1 after +52 before its mobile numbers until 2019, and WhatsApp still does: both are one number, without it.
 *
 * A default country comes first where digits can be read in both ways and are a mobile number there (`3215551234` is a number of
 * Florida and of Belgium), since whoever set it said of which country numbers without a prefix are.
 *
 * @param country of national numbers; undefined: they are compared by their digits
 */
export function mobileRule(country: CountryCode | undefined): MobileRule {
  const known = rules.get(country)
  if (known !== undefined) return known
  const rule = makeRule(country)
  rules.set(country, rule)
  return rule
}

/** What national numbers belong to. */
interface Home {
  country: CountryCode
  plan: NumberingPlan
}

function makeRule(country: CountryCode | undefined): MobileRule {
  const home = country === undefined ? null : { country, plan: numberingPlan(country) }
  const parsed = new LRUCache<string, string>({ max: 50_000 })
  const keyOf = (mobile: string): string => {
    if (!/^\+?\d+$/.test(mobile)) {
      if (isMask(mobile)) return mobile.replace('+', '')
      // Imports have stored numbers as they were written.
      const given = givenMobile(mobile)
      return 'mobile' in given ? keyOf(given.mobile) : foreignMark + mobile
    }
    const quick = quickKey(mobile, home)
    if (quick !== null) return withoutFormerPrefix(quick)
    const known = parsed.get(mobile)
    if (known !== undefined) return known
    const key = withoutFormerPrefix(parsedKey(mobile, home))
    parsed.set(mobile, key)
    return key
  }
  return {
    name: `${revision} ${libraryVersion} ${country ?? '-'}`,
    keyOf,
    isMaskOf(mask, mobile) {
      const [stars = ''] = /\*+$/.exec(mask) ?? []
      if (stars === '' || !isMask(mask) || isMask(mobile)) return false
      return keyOf(mask.slice(0, -stars.length) + mobile.slice(-stars.length)) === keyOf(mobile)
    },
    spellingsOf: (key) => spellingsOf(key, home),
    international(mobile) {
      if (home === null || !/^\d+$/.test(mobile)) return mobile
      const key = keyOf(mobile)
      return key === mobileRule(undefined).keyOf(mobile) ? mobile : key
    },
  }
}

/**
 * The key where no digit has to be left out or guessed, which is that of nearly all numbers: the library takes a hundred times as
 * long.
 *
 * @returns null where the library has to be asked
 */
function quickKey(mobile: string, home: Home | null): string | null {
  const digits = mobile.replace('+', '')
  if (digits.startsWith('00')) {
    const split = splitCallingCode(digits.slice(2))
    const isQuick = split?.plan.lengths.has(split.national.length) && !hasPrefix(split.plan, split.national)
    return isQuick ? digits.slice(2) : null
  }
  if (digits.startsWith('0')) return home === null ? digits : quickNationalKey(digits, home.plan)
  if (home === null || mobile !== digits) {
    const split = splitCallingCode(digits)
    return split === null || !hasPrefix(split.plan, split.national) ? digits : null
  }
  const { plan } = home
  if (plan.internationalPrefix.test(digits) || hasPrefix(plan, digits)) return null
  if (digits.startsWith(plan.callingCode)) return isInternational(digits) && !plan.national.test(digits) ? digits : null
  if (plan.mobile?.test(digits)) return plan.callingCode + digits
  return isInternational(digits) ? digits : null
}

function quickNationalKey(digits: string, plan: NumberingPlan): string | null {
  if (plan.internationalPrefix.test(digits)) return null
  const [prefix = '', ...groups] = plan.prefix?.exec(digits) ?? []
  const national = digits.slice(prefix.length)
  const isQuick = groups.every((group) => group === undefined) && plan.national.test(national)
  return isQuick ? plan.callingCode + national : null
}

/** Whether a number begins with what is dialled within its country only, or with what looks like it. */
function hasPrefix({ prefix }: NumberingPlan, national: string): boolean {
  const found = prefix?.exec(national)
  return found?.some((part) => part !== undefined && part !== '') ?? false
}

/** Whether digits are a number with its calling code and nothing else. */
function isInternational(digits: string): boolean {
  const split = splitCallingCode(digits)
  return split?.plan.national.test(split.national) === true && !hasPrefix(split.plan, split.national)
}

function parsedKey(mobile: string, home: Home | null): string {
  const digits = mobile.replace('+', '')
  if (digits.startsWith('00')) {
    const key = internationalKey(digits.slice(2))
    if (key !== null) return key
  }
  const isExplicit = mobile !== digits && !digits.startsWith('0')
  if (isExplicit) return internationalKey(digits) ?? digits
  return (home ? nationalKey(digits, home) : withoutInnerPrefix(digits)) ?? digits
}

const withoutFormerPrefix = (key: string): string => key.replace(/^(?:00)?521(\d{10})$/, '52$1')

/** E.164 digits of a number with its calling code; null where there is no number of such a length. */
function internationalKey(digits: string): string | null {
  const number = parsePhoneNumberFromString(`+${digits}`)
  return number?.isPossible() ? number.number.slice(1) : null
}

function nationalKey(digits: string, { country, plan }: Home): string | null {
  const number = parsePhoneNumberFromString(digits, country)
  const isDialledAbroad = plan.internationalPrefix.test(digits)
  if (digits.startsWith('00') && !isDialledAbroad) return null
  const key = number?.isPossible() ? number.number.slice(1) : null
  if (number === undefined || key === null) return isInternational(digits) ? digits : withoutInnerPrefix(digits)
  const { nationalNumber } = number
  const isNational = numberingPlan(number.countryCallingCode).national.test(nationalNumber)
  // New ranges of numbers are in use before the library knows them.
  if (digits.startsWith('0')) return isNational || !nationalNumber.startsWith('0') ? key : null
  if (isDialledAbroad || number.getType()?.includes('MOBILE')) return key
  if (plan.trunk !== '' && digits.startsWith(plan.trunk) && number.isValid()) return key
  if (isInternational(digits)) return digits
  const isWhole = nationalNumber.length >= leastOfSubscriber ? isNational : number.isValid()
  return withoutInnerPrefix(digits) ?? (isWhole ? key : null)
}

/** Shorter numbers may be short codes, which plans of some countries allow for without knowing them. */
const leastOfSubscriber = 7

/** National numbers without anything in front are not as long, so that none is taken for `44 07700 900123`. */
const leastWithInnerPrefix = 11

/** E.164 digits of international ones that have a national prefix after the calling code, and make no number with it. */
function withoutInnerPrefix(digits: string): string | null {
  const split = digits.length < leastWithInnerPrefix ? null : splitCallingCode(digits)
  if (split === null || split.plan.national.test(split.national)) return null
  const number = parsePhoneNumberFromString(`+${digits}`)
  return number !== undefined && split.plan.national.test(number.nationalNumber) ? number.number.slice(1) : null
}

function spellingsOf(key: string, home: Home | null): string[] {
  const split = splitCallingCode(key)
  if (split === null) return [key]
  const { plan, national } = split
  const spellings = new Set([key, `00${key}`])
  const former = /^52(\d{10})$/.exec(key)
  if (former) spellings.add(`521${former[1]}`).add(`00521${former[1]}`)
  if (plan.trunk !== '') {
    const inner = `${plan.callingCode}${plan.trunk}${national}`
    spellings.add(inner).add(`00${inner}`)
  }
  if (home === null) return [...spellings]
  const [, exit] = /^\^\(\?:(\d+)\)$/.exec(home.plan.internationalPrefix.source) ?? []
  if (exit !== undefined) spellings.add(exit + key)
  if (home.plan.callingCode === plan.callingCode) {
    const shown = parsePhoneNumberFromString(`+${key}`)?.formatNational().replace(/\D/g, '')
    spellings.add(national).add(home.plan.trunk + national)
    if (shown !== undefined) spellings.add(shown)
  }
  return [...spellings]
}

/** A newer list of numbering plans may know more numbers. */
const { version: libraryVersion } = createRequire(import.meta.url)('libphonenumber-js/package.json') as {
  version: string
}
