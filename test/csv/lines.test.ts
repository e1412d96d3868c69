import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Line, openText } from '../../src/csv/lines.js'
import { collect } from '../support/collect.js'
import { type FileEncoding, fileBytes, inChunks } from '../support/text-file.js'

const textOf = (line: Line) => ('value' in line ? line.value : line.reason)

async function linesOf(bytes: Buffer, size?: number) {
  const { encoding, lines } = await openText(inChunks(bytes, size))
  return { encoding, lines: (await collect(lines)).map(textOf) }
}

/** Longer than what is read at once to tell the encoding, so that what follows is cut wherever chunks are. */
const longLine = 'x'.repeat(1100)

const encodings = ['UTF-8', 'UTF-16LE', 'UTF-16BE'] as const

it.each(encodings)('reads %s with a byte order mark and without, in chunks of any size', async (encoding) => {
  const rows = fc.array(fc.string({ unit: fc.constantFrom(...'447;,"müß漢😀') }), { minLength: 1, maxLength: 5 })
  const line = fc.tuple(rows, fc.constantFrom('', '\uFEFF'), fc.integer({ min: 1, max: 40 }))
  await fc.assert(
    fc.asyncProperty(line, async ([cells, mark, size]) => {
      const values = [longLine, ...cells, '447700900801;m-1;2026-01-31']
      const bytes = fileBytes(mark + values.join('\r\n'), encoding)
      expect(await linesOf(bytes, size)).toEqual({ encoding, lines: values })
    }),
    { numRuns: 60 },
  )
})

it('ends lines at \\n, \\r\\n and \\r, also mixed and cut between chunks, and keeps what ended them', async () => {
  const text = `${longLine}\ra\rb\n\r\nc\r\n\rd`
  const expected = [
    [longLine, '\r'],
    ['a', '\r'],
    ['b', '\n'],
    ['', '\r\n'],
    ['c', '\r\n'],
    ['', '\r'],
    ['d', ''],
  ]
  for (const encoding of encodings) {
    for (let size = 1; size <= 30; size++) {
      const { lines } = await openText(inChunks(fileBytes(text, encoding), size), { encoding })
      const read = (await collect(lines)).map((line) => 'value' in line && [line.value, line.end])
      expect(read, `${encoding} by ${size}`).toEqual(expected)
    }
  }
})

it('numbers lines from 1, and drops the marks that joined files have in the middle', async () => {
  const { lines } = await openText(inChunks('\uFEFFa\n\n\uFEFFb\n'))
  expect(await collect(lines)).toEqual([
    { line: 1, value: 'a', end: '\n' },
    { line: 2, value: '', end: '\n' },
    { line: 3, value: 'b', end: '\n' },
  ])
})

it.each<[string, FileEncoding, number, boolean]>([
  ['mobile;name\n447700900801;Zoë\n447700900802;Ann\n', 'latin1', 1, false],
  ['mobile;name\n447700900801;Zoë\n447700900802;Ann\n', 'UTF-8', 0, true],
  ['mobile;name\n447700900801;Ann\n', 'UTF-8', 0, false],
])('tells Windows-1252 from UTF-8 by the lines: %j in %s', async (text, encoding, windows, hasUtf8) => {
  const file = await openText(inChunks(fileBytes(text, encoding), 9), { orWindows: true })
  expect((await collect(file.lines)).map(textOf).join('\n')).toBe(text.trimEnd())
  expect([file.windowsLines(), file.hasUtf8()]).toEqual([windows, hasUtf8])
})

it('reads the quotes, dashes and the euro sign of Windows-1252', async () => {
  const bytes = Buffer.from([0x80, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x8a, 0x9f, 0xe4])
  const { lines } = await openText(inChunks(bytes), { orWindows: true })
  expect((await collect(lines)).map(textOf)).toEqual(['€‘’“”–—ŠŸä'])
})

it('reads the one line of a UTF-8 file that is Windows-1252 as that, and refuses it where nobody asked for it', async () => {
  const bytes = Buffer.concat([Buffer.from('é\n'), Buffer.from('é\n', 'latin1'), Buffer.from('ü')])
  const file = await openText(inChunks(bytes), { orWindows: true })
  expect((await collect(file.lines)).map(textOf)).toEqual(['é', 'é', 'ü'])
  expect([file.windowsLines(), file.hasUtf8()]).toEqual([1, true])
  expect((await linesOf(bytes)).lines).toEqual(['é', 'is not UTF-8', 'ü'])
})

it.each(encodings)(
  'refuses a line of %s that is longer than any record, and reads the ones around it',
  async (name) => {
    const values = ['before', 'x'.repeat(1_500_000), 'after']
    const bytes = fileBytes(`\uFEFF${values.join('\n')}`, name)
    for (const size of [10_000, 10_000_000]) {
      expect((await linesOf(bytes, size)).lines).toEqual(['before', 'is longer than 1048576 bytes', 'after'])
    }
  },
)

it.each([
  ['a workbook', Buffer.from('PK\x03\x04rest'), 'save it as CSV first'],
  ['an old workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]), 'save it as CSV first'],
  ['a compressed file', Buffer.from([0x1f, 0x8b, 8]), 'unpack it first'],
])('says what %s is instead of reading it', async (_, bytes, message) => {
  await expect(openText(inChunks(bytes))).rejects.toThrow(message)
})
