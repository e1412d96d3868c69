import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const whole = 'webhooks:read webhooks:write visits:pii'
const masked = 'admin'
const uri = 'https://hooks.example.com/visits'

const refusal = (field: string) => ({
  [field]: [
    `The ${field.replaceAll('_', ' ')} field gives out whole mobile numbers: changing it needs the scope visits:pii.`,
  ],
})

/** A new owner's webhooks, with their settings. */
function hooks() {
  const owner = newOwner()
  const send = async (scope: string, method: 'POST' | 'PUT' | 'GET', id: string, payload?: object) => {
    const url = `/developer/webhooks${id}?include=settings`
    const answer = await site.app.inject({ method, url, headers: site.as(owner, scope), ...(payload && { payload }) })
    const { code, data, errors } = answer.json()
    return { code, data, errors }
  }
  return {
    create: (scope: string, fields: object = {}) => send(scope, 'POST', '', { name: 'Orders', uri, ...fields }),
    edit: (scope: string, { data }: { data: { id: string } }, fields: object) =>
      send(scope, 'PUT', `/${data.id}`, fields),
    show: (scope: string, { data }: { data: { id: string } }) => send(scope, 'GET', `/${data.id}`),
    list: (scope: string) => send(scope, 'GET', ''),
  }
}

describe('a new webhook', () => {
  it.each([
    [whole, {}, 1],
    [whole, { whole_numbers: 0 }, 0],
    [masked, {}, 0],
    [masked, { whole_numbers: 0 }, 0],
  ])('is told whole numbers where its maker may see them: %s, %j', async (scope, fields, expected) => {
    const { create, show, list } = hooks()
    const made = await create(scope, fields)
    expect(made).toMatchObject({ code: 200, data: { whole_numbers: expected } })
    expect((await show(scope, made)).data).toEqual(made.data)
    expect((await list(scope)).data).toEqual([made.data])
  })

  it.each([
    ['whole_numbers', { whole_numbers: 1 }],
    ['uri', { uri: `${uri}?m={mobile}` }],
    ['uri', { uri: `${uri}/{{mobile}}` }],
    ['uri', { uri: `${uri}?m=%7Bmobile%7d` }],
    ['uri', { uri: `${uri}?m=%7B{mobile}%7D` }],
  ])('is refused without visits:pii, by the name of the field: %s, %j', async (field, fields) => {
    const { create, list } = hooks()
    expect(await create(masked, fields)).toMatchObject({ code: 403, errors: refusal(field) })
    expect((await list(masked)).data).toEqual([])
    expect((await create(whole, fields)).code).toBe(200)
  })

  it('shows what it is told only to who asks for settings', async () => {
    const owner = newOwner()
    const headers = site.as(owner, whole)
    const payload = { name: 'Orders', uri }
    const made = await site.app.inject({ method: 'POST', url: '/developer/webhooks', headers, payload })
    expect(made.json().data).not.toHaveProperty('whole_numbers')
  })
})

describe('an edit without visits:pii', () => {
  it.each([
    ['that is told whole numbers', {}, `${uri}/other`],
    ['whose address holds the number', { uri: `${uri}?m={mobile}`, whole_numbers: 0 }, uri],
    ['whose address would hold the number', { whole_numbers: 0 }, `${uri}?m={{mobile}}`],
  ])('leaves the address of one %s as it is', async (_, fields, other) => {
    const { create, edit, show } = hooks()
    const made = await create(whole, fields)
    expect(await edit(masked, made, { uri: other })).toMatchObject({ code: 403, errors: refusal('uri') })
    expect((await show(masked, made)).data).toEqual(made.data)
    const same = await edit(masked, made, { ...made.data, name: 'Other', status: 0 })
    expect(same).toMatchObject({ code: 200, data: { name: 'Other', status: 0, uri: made.data.uri } })
    expect((await edit(whole, made, { uri: other })).data.uri).toBe(other)
  })

  it('changes the address of one that is told masked numbers', async () => {
    const { create, edit } = hooks()
    const made = await create(masked)
    expect((await edit(masked, made, { uri: `${uri}/other` })).data.uri).toBe(`${uri}/other`)
  })

  it.each([
    [0, 1],
    [1, 0],
  ])('does not change whether numbers are whole: from %i to %i', async (before, after) => {
    const { create, edit } = hooks()
    const made = await create(whole, { whole_numbers: before })
    const refused = await edit(masked, made, { whole_numbers: after })
    expect(refused).toMatchObject({ code: 403, errors: refusal('whole_numbers') })
    expect((await edit(whole, made, { whole_numbers: after })).data.whole_numbers).toBe(after)
  })
})
