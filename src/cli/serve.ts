import { Command, InvalidArgumentError } from 'commander'
import { everyRole, type Role } from '../roles.js'
import { startServer, stopOnSignals } from '../server.js'
import { type Host, hostConfig } from './host.js'

export function serveCommand(host: Host): Command {
  return new Command('serve')
    .description('Start the server. Configured by environment variables or a file .env; see .env.example.')
    .option('--only <roles>', 'do only this: api, redirect or work; several with commas, or given again', addRoles)
    .addHelpText('after', serveHelp)
    .action(async ({ only }: { only?: Set<Role> }) => {
      await startServer(hostConfig(host), only, stopOnSignals)
    })
}

const serveHelp = `
api answers the API, redirect opens short links and records visits, work tells webhooks and removes what was deleted. Any
number of processes of each kind can share a database; a site needs at least one of each. All of them answer /health and
/ready on PORT.`

function addRoles(text: string, before: Set<Role> = new Set()): Set<Role> {
  const roles = text.split(',').map((word) => {
    const role = everyRole.find((one) => one === word.trim())
    if (role === undefined) throw new InvalidArgumentError('give api, redirect or work.')
    return role
  })
  return new Set([...before, ...roles])
}
