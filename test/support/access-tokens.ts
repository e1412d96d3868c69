import { expect } from 'vitest'
import type { TestApp } from './app.js'

/** A token as answers show it, and its text where it was just created. */
export interface ShownToken {
  id: string
  name: string
  scopes: string[]
  allowed_ips: string[]
  rate_limit: number | null
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  created_at: string
  access_token: string
}

type Site = Pick<TestApp, 'app' | 'as'>

export const withToken = (text: string) => ({ authorization: `Bearer ${text}` })

/** Asks for a token. @param headers whose it is to be */
export function askForToken({ app }: Site, headers: Record<string, string>, fields: object) {
  return app.inject({ method: 'POST', url: '/developer/tokens', headers, payload: fields })
}

/** A new token of an owner, by the API. */
export async function newToken(site: Site, ownerId: number, fields: object = {}): Promise<ShownToken> {
  const answer = await askForToken(site, site.as(ownerId, 'admin visits:pii'), {
    name: 'a token',
    scopes: ['admin'],
    ...fields,
  })
  expect([answer.statusCode, answer.json().message]).toEqual([200, 'Token Created Successfully'])
  return answer.json().data
}
