import { isMask, type MobileProblem, type ReadMobile, readMobile } from '../recipient-files/mobile-text.js'
import { callingCodePlan } from './numbering-plan.js'

/** Numbers as they are stored and shown: as they were given, without what stands around and between their digits. */

/** A number that a sender gives. */
export function givenMobile(raw: string): ReadMobile {
  const read = readMobile(raw)
  return 'problem' in read ? read : { mobile: withoutOptionalZero(read.mobile) }
}

/** A number that another system has stored. Masks, and what is no number, stay as they are. */
export function foreignMobile(raw: string): ReadMobile {
  const text = raw.trim()
  if (isMask(text)) return { mobile: text }
  const given = givenMobile(text)
  return 'problem' in given && given.problem === 'not_a_number' ? { mobile: text } : given
}

/** What is looked for: a number of any length, or a mask. null: neither. */
export function soughtMobile(raw: string): string | null {
  if (raw.includes('*')) {
    const mask = raw.replace(/[\s\p{Cf}\p{Pd}().]/gu, '')
    return isMask(mask) && mask.length <= mostSought ? mask : null
  }
  const read = readMobile(raw, { least: 1, most: mostSought })
  return 'problem' in read ? null : withoutOptionalZero(read.mobile)
}

const mostSought = 32

/** `+44 (0)7700 900123` is dialled without the zero from abroad. In a few countries the zero belongs to the number: `+39 (0)6 …`. */
function withoutOptionalZero(mobile: string): string {
  const [, prefix = '', code = '', national = ''] = /^(\+|00)?(\d{1,3})\(0\)(\d+)$/.exec(mobile) ?? []
  if (national === '') return mobile
  const plan = callingCodePlan(code)
  const belongs = plan === null || (plan.national.test(`0${national}`) && !plan.national.test(national))
  return `${prefix}${code}${belongs ? '0' : ''}${national}`
}

export function mobileProblemText(problem: MobileProblem): string {
  return `The mobile field ${mobileProblemTexts[problem]}.`
}

/** What is wrong, as it goes on after the name of the field. */
export const mobileProblemTexts: Record<MobileProblem, string> = {
  not_a_number: 'must be a phone number of 5 to 20 digits',
  decimal: 'must be a phone number, not a decimal number; format the column of the spreadsheet as text',
  rounded: 'was rounded by a spreadsheet and has lost digits; format the column of the spreadsheet as text',
  extension: 'must be a phone number without an extension',
}
