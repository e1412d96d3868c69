import { createHash, randomInt } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * An access token that says nothing: 40 random letters and digits, 238 bits, as long as the hosted service's. A prefix that
 * scanners for leaked secrets could find would cost 6 bits a letter, and clients check the length.
 */
export function newTokenText(): string {
  return Array.from({ length: 40 }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** Whether a text can be such a token, so that others are not looked up. */
export function isTokenText(text: string): boolean {
  return /^[A-Za-z0-9]{40}$/.test(text)
}

/** What is stored of a token. It has enough bits that a fast hash cannot be searched. */
export function tokenHash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
