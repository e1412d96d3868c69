import { anyOwner } from '../database/open.js'
import type { MobileRule } from './mobile.js'

/** What recipients with one of some numbers are found by. */
export interface MobileSearch {
  /** Name of the rule that made the keys. */
  rule: string
  /** Where all recipients of the owner have keys by the rule, or are marked. */
  keys: string[]
  /** Where some have keys by another rule. */
  anyKeys: string[]
  /** There too, and where some have no keys at all: numbers as they are stored. */
  mobiles: string[]
}

/** What marked recipients with the number of a key may be found by, among others: their digits are all that is known. */
export function marksOf(rule: MobileRule, key: string): string[] {
  const digits = rule.spellingsOf(key)
  // With the decimals of a spreadsheet; in the digits of another script.
  return [...digits, ...digits.flatMap((text) => [`${text}0`, `${text}00`]), ''].map((text) => unkeyedMark + text)
}

/** @param mobiles numbers and masks as given-mobile.ts reads them */
export function mobileSearch(rule: MobileRule, mobiles: string[]): MobileSearch {
  const wanted = new Set(mobiles.map((mobile) => rule.keyOf(mobile)))
  const digits = new Set([...wanted].flatMap((key) => rule.spellingsOf(key)))
  const unkeyed = [...digits].map((text) => unkeyedMark + text)
  return {
    rule: rule.name,
    keys: [...wanted, ...unkeyed],
    anyKeys: [...digits, ...unkeyed],
    mobiles: [...new Set([...mobiles, ...[...digits].flatMap((text) => [text, `+${text}`])])],
  }
}

/** In front of the digits of a number that was written without a key (migration mobile_key). */
const unkeyedMark = '?'

/** Condition on recipients: those that were written without a key. */
export const isUnkeyed = (column = 'mobile_key') => `${column} >= '?' AND ${column} < '@'`

/**
 * SELECT of the owner's (`$1`) recipients with the numbers, by indexes, whether they have keys already or not.
 *
 * @param select list of columns of `recipients`
 * @param where further condition
 * @param bind gives a parameter's place
 */
export function selectByMobile(
  select: string,
  where: string,
  { rule, keys, anyKeys, mobiles }: MobileSearch,
  bind: (value: unknown) => string,
): string {
  const isKeyed = `(SELECT coalesce(mobile_rule = ${bind(rule)}, true) FROM owners WHERE id = ${anyOwner})`
  const from = `SELECT ${select} FROM recipients r WHERE r.user_id = ${anyOwner} AND ${where}`
  return `${from} AND r.mobile_key IS NOT NULL
      AND r.mobile_key = ANY (CASE WHEN ${isKeyed} THEN ${bind(keys)}::text[] ELSE ${bind(anyKeys)}::text[] END)
    UNION
    ${from} AND r.mobile = ANY (CASE WHEN ${isKeyed} THEN '{}' ELSE ${bind(mobiles)}::text[] END)`
}
