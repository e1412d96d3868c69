import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect, it } from 'vitest'
import { messageBody } from '../../src/webhooks/message.js'
import { testApp } from '../support/app.js'
import { chromeOnMac } from '../support/visits.js'

const empty = { ...chromeOnMac, userAgent: null, browser: null, browserVersion: null, platform: null }
const visit = {
  id: '835b7433-0aaf-457c-88e7-7433b00d1234',
  linkId: 20,
  createdAt: new Date('2022-10-31T10:07:27Z'),
  clientIp: '127.0.0.1',
  host: null,
  browserLang: null,
  userAgent: chromeOnMac,
  place: null,
  mobile: '919019955123',
}

it('what webhooks receive is what the document says, with what is known of a visit and with nothing', async () => {
  const { app } = await testApp()
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  const document: { components: { schemas: Record<string, { properties: object }> } } = (
    await app.inject('/openapi.json')
  ).json()
  ajv.addSchema(document, 'document')
  const validate = ajv.getSchema('document#/webhooks/visit/post/requestBody/content/application~1json/schema')
  for (const given of [
    visit,
    { ...visit, userAgent: { ...empty, deviceType: null, deviceBrand: null }, mobile: null },
  ]) {
    const body = JSON.parse(messageBody(given, 'UTC'))
    expect([validate?.(body), validate?.errors]).toEqual([true, null])
    expect(Object.keys(body)).toEqual(Object.keys(document.components.schemas.VisitMessage?.properties ?? {}))
  }
})
