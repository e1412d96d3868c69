import { expect, it } from 'vitest'
import { memoise } from '../../src/http/memoise.js'

it('makes one thing for the same arguments, and another for others', () => {
  const zoneOf = memoise((zone: string, isShort?: boolean) => ({ zone, isShort }))
  const utc = zoneOf('UTC')
  expect(zoneOf('UTC')).toBe(utc)
  expect([zoneOf('UTC', true), zoneOf('Europe/Berlin')]).toEqual([
    { zone: 'UTC', isShort: true },
    { zone: 'Europe/Berlin', isShort: undefined },
  ])
})

it('keeps the last 50, whoever chooses the arguments', () => {
  let made = 0
  const numbered = memoise((_: string) => ({ nth: ++made }))
  for (let nth = 0; nth < 51; nth++) numbered(`zone ${nth}`)
  expect([numbered('zone 50').nth, numbered('zone 0').nth]).toEqual([51, 52])
})
