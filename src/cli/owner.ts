import { Command } from 'commander'
import { createOwner, listOwners } from '../accounts/owners.js'
import { StartError } from '../server.js'
import { ownerId } from './arguments.js'
import { withDatabase } from './database.js'
import type { Host } from './host.js'
import { plainText, shortTime, table } from './table.js'

export function ownerCommand(host: Host): Command {
  const { console } = host
  const create = new Command('create')
    .description('Create an owner and print its number, alone on standard output.')
    .option('--id <number>', 'its number; without it, the one after the largest', ownerId)
    .option('--name <text>', 'what it is called')
    .action(({ id, name }: { id?: number; name?: string }) =>
      withDatabase(host, async ({ db }) => {
        const created = await createOwner(db, id ?? null, name ?? null)
        if (created === null) throw new StartError(`There is an owner ${id} already.`)
        console.log(String(created))
      }),
    )
  const list = new Command('list').description('List owners.').action(() =>
    withDatabase(host, async ({ db }) => {
      const owners = await listOwners(db)
      const rows = owners.map(({ id, name, createdAt }) => [String(id), plainText(name), shortTime(createdAt)])
      console.log(table(['NUMBER', 'NAME', 'CREATED'], rows))
    }),
  )
  return new Command('owner').description('Owners of links and visits.').addCommand(create).addCommand(list)
}
