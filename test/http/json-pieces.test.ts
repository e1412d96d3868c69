import { expect, it } from 'vitest'
import { SeededRandom } from '../../src/demo/random.js'
import { type JsonExcess, type JsonLimits, parseInPieces } from '../../src/http/json-pieces.js'

const limits: JsonLimits = { depth: 32, values: 200_000, fields: 1000, length: 1_000_000 }

async function read(text: string, given: Partial<JsonLimits> = {}): Promise<unknown> {
  const exceeding = (what: JsonExcess) => new Error(`more ${what} than allowed`)
  return parseInPieces(text, { ...limits, ...given }, (part) => JSON.parse(part), exceeding)
}

const outcome = (work: Promise<unknown>) =>
  work.then(
    (value) => ({ value }),
    (error: Error) => (error instanceof SyntaxError ? 'no JSON' : error.message),
  )
const expected = (text: string) => outcome(new Promise((resolve) => resolve(JSON.parse(text))))

const items = (count: number) =>
  Array.from({ length: count }, (_, nth) => {
    const odd = ['"', '\\', '[', ']', '{', '}', ',', ':', '\u0000', 'ü', '\\"', ' '][nth % 12]
    return [
      nth,
      `text ${odd}${odd} ${nth}`,
      { a: [odd, { b: null }], c: { d: `${odd}x`.repeat(nth % 40) } },
      [],
      [[nth]],
      true,
    ][nth % 6]
  })

/** With more in them than is read at once. */
const documents = [
  items(6_000),
  { recipients: items(6_000), other: [], more: [1], word: 'x', deep: { list: items(50) } },
  { a: items(2_000), b: items(3_000), c: items(1) },
  [items(3_000)],
  { a: [] },
  [],
  'text',
  17,
  null,
]

it('says what JSON.parse says, however a list is cut', async () => {
  for (const document of documents) {
    for (const text of [JSON.stringify(document), JSON.stringify(document, null, 3)])
      expect(await read(text)).toEqual(document)
  }
  const twice = `{"a":${JSON.stringify(items(3_000))},"a":[1,2]}`
  expect(await read(twice)).toEqual({ a: [1, 2] })
})

it('takes nothing for JSON that JSON.parse refuses, wherever it is broken', async () => {
  const random = new SeededRandom(7)
  const text = JSON.stringify({ recipients: items(4_000), more: items(4) })
  const signs = ['"', '\\', '[', ']', '{', '}', ',', ':', ' ', '']
  for (let nth = 0; nth < 300; nth++) {
    const at = random.below(text.length)
    const sign = signs[nth % signs.length] ?? ''
    const broken = text.slice(0, at) + sign + text.slice(at + random.below(2))
    // An open end may make it too deep besides.
    const wanted = await expected(broken)
    expect(await outcome(read(broken)), `${sign} at ${at}`).toEqual(
      typeof wanted === 'object' ? wanted : expect.stringMatching(/^no JSON$|^more /),
    )
  }
  const long = items(5_000).map((item) => JSON.stringify(item))
  for (const list of [
    `[${long},]`,
    `[,${long}]`,
    `[${long}}`,
    `{"a":[${long}]`,
    `[${long}]]`,
    `[${long},,${long}]`,
    '[',
    '',
  ]) {
    expect(await outcome(read(list))).toBe('no JSON')
  }
})

it('finds out that there is too much before it is read', async () => {
  expect(await outcome(read('['.repeat(100_000)))).toBe('more depth than allowed')
  expect(await outcome(read(`[${'1,'.repeat(300_000)}1]`))).toBe('more values than allowed')
  const fields = Array.from({ length: 1001 }, (_, nth) => `"a${nth}":1`)
  expect(await outcome(read(`[{${fields}}]`))).toBe('more fields than allowed')
  expect(await outcome(read(`["${'x'.repeat(1_000_001)}"]`))).toBe('more length than allowed')
  expect(await outcome(read(`{"a":{"b":[${'"x",'.repeat(190)}1]},"c":"x"}`, { length: 500 }))).toBe(
    'more length than allowed',
  )
})
