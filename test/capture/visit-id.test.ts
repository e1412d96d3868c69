import { validate, version } from 'uuid'
import { expect, it } from 'vitest'
import { newVisitId } from '../../src/capture/visit-id.js'

it('makes UUIDs of version 7 that never repeat and begin with the time', () => {
  const before = Date.now()
  const ids = Array.from({ length: 20_000 }, newVisitId)
  const after = Date.now()
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) {
    expect(validate(id) && version(id)).toBe(7)
    const time = Number.parseInt(id.replace('-', '').slice(0, 12), 16)
    expect(time >= before && time <= after).toBe(true)
  }
})
