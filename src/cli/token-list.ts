import { Command } from 'commander'
import { listTokens } from '../accounts/list-tokens.js'
import type { StoredToken } from '../accounts/stored-token.js'
import { ownerId } from './arguments.js'
import { withDatabase } from './database.js'
import type { Host } from './host.js'
import { plainText, shortTime, table } from './table.js'

export function listCommand(host: Host): Command {
  return new Command('list')
    .description("List an owner's access tokens, newest first.")
    .requiredOption('--user <number>', 'the owner', ownerId)
    .action(({ user }: { user: number }) =>
      withDatabase(host, async ({ db }) => host.console.log(table(names, (await listTokens(db, user)).map(cells)))),
    )
}

const names = ['ID', 'NAME', 'SCOPES', 'FROM', 'A MINUTE', 'CREATED', 'EXPIRES', 'LAST USED', 'REVOKED']

function cells(token: StoredToken): string[] {
  return [
    token.id,
    plainText(token.name),
    token.scopes.join(' ') || 'admin',
    token.allowedIps.join(' ') || '-',
    String(token.rateLimit ?? '-'),
    ...[token.createdAt, token.expiresAt, token.lastUsedAt, token.revokedAt].map(shortTime),
  ]
}
