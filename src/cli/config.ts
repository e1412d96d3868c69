import { Command } from 'commander'
import { shownValue } from '../config/shown.js'
import { settings } from '../config.js'
import { type Host, hostConfig } from './host.js'
import { table } from './table.js'

export function configCommand(host: Host): Command {
  const { process, console } = host
  return new Command('config')
    .description('Print each setting, and where it comes from. Passwords and secrets are not shown.')
    .option('--all', 'also those that have their default', false)
    .action(({ all }: { all: boolean }) => {
      const { env, configFile } = process
      const rows = settings().flatMap(({ name, defaultValue }) => {
        const given = env[name] || undefined
        if (given === undefined && !all) return []
        const source = given === undefined ? 'default' : configFile?.names.has(name) ? configFile.file : 'environment'
        return [[name, shownValue(name, given ?? defaultValue), source]]
      })
      console.log(table(['SETTING', 'VALUE', 'FROM'], rows))
      // Says in a line what is wrong with them, and ends with 1.
      hostConfig(host)
    })
}
