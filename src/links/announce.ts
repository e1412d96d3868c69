/**
 * Word to every process that what a token stands for has changed (channel `tokens`, database/notifications.ts). Redirects
 * are answered from memory, so whoever changes a link or a recipient says so in the same transaction.
 */
import { statement } from '../database/open.js'

/** What a word begins with that tells of the token of somebody who was erased. */
export const erasedWord = 'erased/'

/** As an expression of a statement: `SELECT ${announcing('$1', '$2')}`. Sent when the transaction commits. */
export function announcing(ownerId: string, linkId: string): string {
  return `pg_notify('tokens', ${ownerId}::text || ':' || ${linkId}::text)`
}

/** A link, with all its tokens, has changed: `client.query(announceLink([ownerId, linkId]))`. */
export const announceLink = statement(`SELECT ${announcing('$1', '$2')}`)

/** Tokens of people who were erased: `client.query(announceErased([tokens]))`. No token has a slash in it. */
export const announceErased = statement(
  `SELECT pg_notify('tokens', '${erasedWord}' || t.token) FROM unnest($1::text[]) AS t (token)`,
)

/** A token that led nowhere until now was given out. Random ones need no word: nobody has asked for them yet. */
export const announceToken = statement(`SELECT pg_notify('tokens', $1)`)
