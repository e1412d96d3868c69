import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'
import { expect, it } from 'vitest'
import { testApp } from '../support/app.js'

it('the types of the client are those of the document; `npm run client` makes them anew', async () => {
  const { app } = await testApp()
  const types = await openapiTS(withoutExamples(app.swagger()))
  await expect(COMMENT_HEADER + astToString(types)).toMatchFileSnapshot('../../src/client/schema.ts')
})

/** Of answers: in comments they are longer than the types. */
function withoutExamples(document: object): string {
  return JSON.stringify(document, (key, value) => (key === 'example' || key === 'examples' ? undefined : value))
}
