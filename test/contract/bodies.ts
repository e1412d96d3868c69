import type { SentBody } from '../support/body-forms.js'

/** A body as it is, under a content type or none. */
export function raw(payload: string, type?: string): SentBody {
  return { payload, headers: type === undefined ? {} : { 'content-type': type } }
}

export const json = (fields: unknown): SentBody => raw(JSON.stringify(fields), 'application/json')

/** As text, so that it is seen what a form really sends. */
export const form = (text: string): SentBody => raw(text, 'application/x-www-form-urlencoded')
