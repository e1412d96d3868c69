/** Reads big JSON a piece at a time, so that nobody waits for the whole of it, and none that is too deep or has too much in it. */
import { inStretches } from '../event-loop.js'

export interface JsonLimits {
  /** Lists in lists, objects in lists in lists. */
  depth: number
  /** Texts, numbers, lists, objects and what else there is. */
  values: number
  /** Of one object. */
  fields: number
  /** Characters of one item of a list at the top, and of all that is in no such list. */
  length: number
}

export type JsonExcess = keyof JsonLimits

/** No longer ones are parsed at once: that takes less than a millisecond. */
export const longestAtOnce = 16_384
/** Of items that are read together. */
const longestPiece = 65_536

/**
 * `parse(text)`, where a list at the top, or in a field of an object at the top, is parsed a few items at a time.
 *
 * @param parse throws for what is no JSON, which it is given as such, or a part of it
 * @param exceeding makes the error for a text that has more than `limits` allow
 */
export async function parseInPieces(
  text: string,
  limits: JsonLimits,
  parse: (text: string) => unknown,
  exceeding: (what: JsonExcess) => Error,
): Promise<unknown> {
  const lists = await topLists(text, limits, exceeding)
  if (lists === null) return parse(noJson)
  const rest = inStretches()
  const read: unknown[][] = []
  // The text with a list's number where the list was.
  let frame = ''
  let copied = 0
  for (const { start, end, pieces } of lists) {
    const items: unknown[] = []
    for (const [from, to] of pieces) {
      if (to - from > limits.length) throw exceeding('length')
      for (const item of parse(`[${text.slice(from, to)}]`) as unknown[]) items.push(item)
      const others = rest()
      if (others !== undefined) await others
    }
    frame += `${text.slice(copied, start)}[${read.push(items) - 1}]`
    copied = end
  }
  frame += text.slice(copied)
  if (frame.length > limits.length) throw exceeding('length')
  const top = parse(frame)
  // What was not empty is a number now.
  const listOf = (value: unknown) => (Array.isArray(value) && value.length > 0 ? read[Number(value[0])] : value)
  if (typeof top !== 'object' || top === null || Array.isArray(top)) return listOf(top)
  return Object.fromEntries(Object.entries(top).map(([name, value]) => [name, listOf(value)]))
}

const noJson = '['

interface TopList {
  /** Of its brackets. */
  start: number
  end: number
  /** Items with commas between them; the commas between pieces are left out. */
  pieces: [from: number, to: number][]
}

const [quote, backslash, comma, colon] = ['"', '\\', ',', ':'].map(codeOf) as [number, number, number, number]
const [beginList, endList, beginObject, endObject] = ['[', ']', '{', '}'].map(codeOf) as [
  number,
  number,
  number,
  number,
]

function codeOf(sign: string): number {
  return sign.charCodeAt(0)
}

/** Lists that have something in them, at the top or in a field of the object at the top; null for what is certainly no JSON. */
async function topLists(
  text: string,
  limits: JsonLimits,
  exceeding: (what: JsonExcess) => Error,
): Promise<TopList[] | null> {
  const rest = inStretches()
  const lists: TopList[] = []
  /** Fields of each object that is open; -1 for a list. */
  const open: number[] = []
  let list: TopList | null = null
  /** What is open around it. */
  let around = -1
  let pieceStart = 0
  let values = 1
  let signs = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = endOfText(text, at, limits.length)
      if (end === null) throw exceeding('length')
      at = end
    } else if (code === beginList || code === beginObject) {
      if (open.length >= limits.depth) throw exceeding('depth')
      const isTop = open.length === 0 || (open.length === 1 && (open[0] ?? -1) >= 0)
      if (list === null && isTop && code === beginList) {
        list = { start: at, end: at, pieces: [] }
        around = open.length
        pieceStart = at + 1
      }
      open.push(code === beginList ? -1 : 0)
      values += 1
    } else if (code === endList || code === endObject) {
      open.pop()
      if (list !== null && open.length === around) {
        if (code === endObject) return null
        const isBlank = text.slice(pieceStart, at).trim() === ''
        if (isBlank && list.pieces.length > 0) return null
        list.pieces.push([pieceStart, at])
        list.end = at + 1
        if (!isBlank) lists.push(list)
        list = null
      }
    } else if (code === comma) {
      values += 1
      if (list !== null && open.length === around + 1 && at - pieceStart >= longestPiece) {
        list.pieces.push([pieceStart, at])
        pieceStart = at + 1
      }
    } else if (code === colon && open.length > 0) {
      const fields = (open[open.length - 1] ?? 0) + 1
      open[open.length - 1] = fields
      if (fields > limits.fields) throw exceeding('fields')
    }
    if (values > limits.values) throw exceeding('values')
    signs += 1
    if (signs % 8_192 === 0) {
      const others = rest()
      if (others !== undefined) await others
    }
  }
  return list === null ? lists : null
}

/** Where the text that begins with a quotation mark has its other one; null: not within so many characters. */
function endOfText(text: string, start: number, longest: number): number | null {
  const last = start + longest
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) at += 1
    if (at > last) return null
  }
  return text.length
}
