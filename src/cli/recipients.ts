import { Command } from 'commander'
import type { Host } from './host.js'
import { importCommand } from './recipients-import.js'

export function recipientsCommand(host: Host): Command {
  return new Command('recipients').description('People that links are sent to.').addCommand(importCommand(host))
}
