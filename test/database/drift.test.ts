import { expect, it } from 'vitest'
import { schemaDiff } from '../support/schema-diff.js'

it('the migrations build exactly the schema that Prisma knows', async () => {
  expect(await schemaDiff()).toBe('')
})
