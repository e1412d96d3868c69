import { Command } from 'commander'
import type { Host } from './host.js'
import { createCommand } from './token-create.js'
import { listCommand } from './token-list.js'
import { revokeCommand } from './token-revoke.js'

export function tokenCommand(host: Host): Command {
  return new Command('token')
    .description('Access tokens.')
    .addCommand(createCommand(host))
    .addCommand(listCommand(host))
    .addCommand(revokeCommand(host))
}
