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

/** Which recipients are looked at. */
export interface MobileScope {
  /** The place of the link's parameter; null: those of all links. */
  link: string | null
  /** Further condition on `recipients r`. */
  where?: string
}

/**
 * SELECT of the owner's (`$1`) recipients with the numbers, by indexes, whether they have keys already or not.
 *
 * @param select `r.link_id`, `r.id` or both
 * @param bind gives a parameter's place
 */
export function selectByMobile(
  select: string,
  scope: MobileScope,
  { rule, keys, anyKeys, mobiles }: MobileSearch,
  bind: (value: unknown) => string,
): string {
  const isKeyed = `(SELECT coalesce(mobile_rule = ${bind(rule)}, true) FROM owners WHERE id = ${anyOwner})`
  const wanted = `CASE WHEN ${isKeyed} THEN ${bind(keys)}::text[] ELSE ${bind(anyKeys)}::text[] END`
  const { link, where = 'true' } = scope
  const ofLink = link === null ? '' : `AND r.link_id = (SELECT ${link}::int8)`
  return `SELECT ${select} FROM ${lookUpKeys(wanted, 'r.link_id, r.id', scope)}
    UNION
    SELECT ${select} FROM recipients r WHERE r.user_id = ${anyOwner} ${ofLink} AND ${where}
      AND r.mobile = ANY (CASE WHEN ${isKeyed} THEN '{}' ELSE ${bind(mobiles)}::text[] END)`
}

/**
 * FROM list: the owner's (`$1`) recipients `r` with one of a few keys. Each key is looked up by itself: with all in one condition,
 * the planner would rather read all recipients of the owner while its statistics are from the time before there were keys.
 *
 * @param keys an array, with each of them once
 * @param columns that are read
 */
export function lookUpKeys(keys: string, columns: string, { link, where = 'true' }: MobileScope): string {
  const ofLink = link === null ? '' : `AND r.link_id = (SELECT ${link}::int8)`
  return `unnest(${keys}) AS k (key) CROSS JOIN LATERAL (
    SELECT ${columns} FROM recipients r
    WHERE r.user_id = ${anyOwner} AND r.mobile_key IS NOT NULL AND r.mobile_key = k.key ${ofLink} AND ${where} OFFSET 0
  ) r`
}
