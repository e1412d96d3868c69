import { text as textOf } from 'node:stream/consumers'
import { Command, InvalidArgumentError } from 'commander'
import { revokeToken } from '../accounts/revoke-token.js'
import { tokenReads } from '../accounts/stored-token.js'
import { tokenHash } from '../accounts/token-text.js'
import type { Database } from '../database/open.js'
import { HttpError } from '../http/errors.js'
import { StartError } from '../server.js'
import { ownerId } from './arguments.js'
import { withDatabase } from './database.js'
import type { Host } from './host.js'

export function revokeCommand(host: Host): Command {
  const { process, console } = host
  return new Command('revoke')
    .description('Revoke an access token for good. Running servers are told at once.')
    .argument('[id]', 'of the token; without it, the token itself is read from standard input', tokenId)
    .option('--user <number>', 'the owner, for an id', ownerId)
    .action(async (id: string | undefined, { user }: { user?: number }) => {
      if (id !== undefined && user === undefined) throw new StartError('Say whose token it is: --user NUMBER.')
      const text = id === undefined ? (await textOf(process.stdin)).trim() : null
      await withDatabase(host, async ({ db }) => {
        const token = text === null ? { ownerId: user ?? 0, id: id ?? '' } : await tokenOf(db, text)
        const isNew = await revokeToken(db, token.ownerId, token.id).catch(unknown)
        console.error(`Token ${token.id} ${isNew ? 'is' : 'was already'} revoked.`)
      })
    })
}

async function tokenOf(db: Database, text: string) {
  return (await tokenReads(db).find({ hash: tokenHash(text) })) ?? unknown(new HttpError(404, ''))
}

function unknown(error: unknown): never {
  throw error instanceof HttpError ? new StartError('There is no such token.') : error
}

function tokenId(text: string): string {
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return text
  throw new InvalidArgumentError('give the id that `token list` shows, not the token.')
}
