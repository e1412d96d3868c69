import { Command } from 'commander'
import { createCommand } from './token-create.js'
import { listCommand } from './token-list.js'
import { revokeCommand } from './token-revoke.js'

export function tokenCommand(): Command {
  return new Command('token')
    .description('Access tokens.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
}
