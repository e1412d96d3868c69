import fc from 'fast-check'
import { expect, it } from 'vitest'
import { csvHeader, csvText } from '../../../src/visits/files/csv.js'
import { csvRows } from '../../../src/visits/files/csv-rows.js'
import { wireKeys } from '../../../src/visits/files/wire-keys.js'
import { collect } from '../../support/collect.js'
import { fileBytes, inChunks } from '../../support/text-file.js'

const awkward = fc.string({ unit: fc.constantFrom(...'\'"=+-@\t\r\n,;a1é＝') })

it('reads back every record it writes, in chunks of any size', async () => {
  const row = fc.uniqueArray(fc.tuple(fc.constantFrom(...wireKeys), awkward), { selector: ([key]) => key })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 4 }), fc.integer({ min: 1, max: 64 }), async (rows, size) => {
      const written = rows.map((cells) => Object.fromEntries(cells.filter(([key]) => key !== 'options')))
      const read = await collect(csvRows(inChunks(csvHeader() + csvText(written), size)))
      const whole = (given: Record<string, unknown>) =>
        Object.fromEntries(wireKeys.map((key) => [key, given[key] || null]))
      expect(read.map((record) => 'value' in record && record.value)).toEqual(written.map(whole))
    }),
  )
})

it.each([
  ['UTF-16', fileBytes('\uFEFFid,host\r\n1,é\r\n', 'UTF-16LE')],
  ['UTF-16 without a mark, in the other order', fileBytes('id,host\r\n1,é\r\n', 'UTF-16BE')],
  ['a line that declares the separator', Buffer.from('\uFEFFsep=;\r\nid;host\r\n1;é\r\n')],
  ['tabs and line ends of old Macs', Buffer.from('id\thost\r1\té\r')],
])('reads what a spreadsheet makes of an export: %s', async (_, bytes) => {
  expect(await collect(csvRows(inChunks(bytes)))).toMatchObject([{ value: { id: '1', host: 'é' } }])
})

it.each([
  ['id,colour\n', 'line 1: the header names an unknown column "colour"'],
  ['sep=,\nid,id\n', 'line 2: the header names the column id twice'],
])('refuses a file whose header is wrong instead of each of its lines', async (text, message) => {
  await expect(collect(csvRows(inChunks(text)))).rejects.toThrow(message)
})
