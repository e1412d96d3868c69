import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { importFromApi } from '../imports/api/import.js'
import { openSource, sourceAddress } from '../imports/api/source.js'
import { StartError } from '../server.js'
import { ownerId, timeZone } from './arguments.js'
import { withDatabase } from './database.js'
import type { Host } from './host.js'
import { openProgress } from './progress.js'

interface ImportApiArguments {
  endpoint: string
  token?: string
  tokenFile?: string
  user?: number
  zone: string
  rate: number
}

/** The hosted service allows 1000 (docs/api-contract.md section 6). */
const politeRate = 900

export function importApiCommand(host: Host): Command {
  return new Command('api')
    .description('Copy links and all their visits from the hosted service or another Smart Link server.')
    .requiredOption('--endpoint <address>', 'of its API, such as https://example.com/api/v2/')
    .option('--token <token>', 'access token; better in the variable SMART_LINK_TOKEN')
    .option('--token-file <file>', 'a file with the access token')
    .option('--user <number>', 'the owner here; without it, the same as there', ownerId)
    .option('--zone <zone>', 'time zone of its times', timeZone, 'UTC')
    .option('--rate <number>', 'most requests a minute', requestsAMinute, politeRate)
    .addHelpText('after', help)
    .action((given: ImportApiArguments) => copy(host, given))
}

const help = `
Links keep their numbers and codes, so short URLs go on working once their domain leads here. What cannot be kept is told.
Webhooks are not copied. With a token that may see them, mobile numbers come whole; else their last digits stay hidden.

Run it again to go on after an interruption, and to fetch what has come since. Visits that are there are never stored twice.`

async function copy(host: Host, given: ImportApiArguments): Promise<void> {
  const { process, console } = host
  const address = sourceAddress(given.endpoint)
  const file = given.tokenFile === undefined ? undefined : (await readFile(given.tokenFile, 'utf8')).trim()
  await withDatabase(host, async ({ db, config, signal }) => {
    const token = given.token ?? file ?? config.importToken
    if (!token) throw new StartError('An access token is needed: --token, --token-file or SMART_LINK_TOKEN.')
    if (!/^[\x21-\x7e]+$/.test(token)) throw new StartError('The access token has characters that no token has.')
    const progress = openProgress(process.stderr)
    const say = (line: string) => progress.say(line)
    const source = openSource({ address, token, perMinute: given.rate, signal, say })
    const options = { source, ownerId: given.user, zone: given.zone, config, signal }
    const copying = (visits: number, total: number) => progress.show('copying visits', visits, total)
    try {
      const { links, newLinks, stored, skipped, refused, ownerId } = await importFromApi(db, options, { say, copying })
      progress.stop()
      console.error(
        `Copied ${stored} visits of ${links} links, ${newLinks} of them new, for owner ${ownerId}; ` +
          `skipped ${skipped} that were there already, refused ${refused}.`,
      )
      if (refused > 0) process.exitCode = 1
    } finally {
      progress.stop()
    }
  })
}

function requestsAMinute(text: string): number {
  const rate = Number(text)
  if (!/^\d{1,6}$/.test(text) || rate < 1)
    throw new InvalidArgumentError('give a number of requests, from 1 to 999999.')
  return rate
}
