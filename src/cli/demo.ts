import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { createToken } from '../accounts/create-token.js'
import { jwtKeys } from '../accounts/jwt-secret.js'
import { signToken } from '../accounts/sign-token.js'
import type { Config } from '../config.js'
import { demoLink, demoOwner, storeDemo } from '../demo/data.js'
import { SeededRandom } from '../demo/random.js'
import { startReceiver, tellReceiver } from '../demo/receiver.js'
import { storeDemoTokens } from '../demo/tokens.js'
import { openLinks, startTrickle } from '../demo/trickle.js'
import { type RunningServer, startServer, stopOnSignals } from '../server.js'
import { type Host, hostConfig } from './host.js'

export function demoCommand(host: Host): Command {
  return new Command('demo')
    .description('Start the server on an embedded database with sample data, in a folder of its own.')
    .action(async () => {
      const config = demoConfig(hostConfig(host))
      const server = await startServer(config)
      const opened = [() => server.stop()]
      const stop = async () => {
        for (const close of opened.splice(0).reverse()) await close()
      }
      stopOnSignals({ ...server, stop })
      const base = config.publicUrl ?? server.address
      const { db } = server.connection
      const now = new Date()
      if ((await storeDemo(db, new URL(base).host, now)) > 0) await storeDemoTokens(db, now)
      const receiver = await startReceiver()
      opened.push(() => receiver.close())
      await tellReceiver(db, receiver.url)
      const random = new SeededRandom(now.getTime())
      const endTrickle = startTrickle({ address: server.address, links: await openLinks(db), random }, trickleMs)
      opened.push(() => endTrickle().then(() => {}))
      const token = await demoToken(server, config)
      host.console.log(`
Smart Link runs at ${base}
Its data lies in   ${resolve(config.dataDir)}

The dashboard:     ${base}/dashboard
asks for a token:  ${token}

A page of visits, newest first:

  curl -H 'Authorization: Bearer ${token}' ${base}/link/urls/${demoLink}/visits

Links go on being opened while it runs. Stop it with Ctrl-C; the data stays.
`)
    })
}

/** Between two openings while it runs. */
const trickleMs = 450

/** Visitors of the demo come from this machine and say where from; so does what its webhook tells. */
function demoConfig(given: Config): Config {
  const { webhooks, trustProxy } = given
  return {
    ...given,
    databaseUrl: undefined,
    dataDir: join(given.dataDir, 'demo'),
    // Its webhook fails now and then, as webhooks do.
    logLevel: 'error',
    trustProxy: trustProxy === false ? ['127.0.0.1', '::1'] : trustProxy,
    webhooks: { ...webhooks, allowPrivate: webhooks.allowPrivate === false ? ['127.0.0.1'] : webhooks.allowPrivate },
  }
}

/** Signed, so that nothing is stored at each start; stored where tokens are signed elsewhere. */
async function demoToken({ connection }: RunningServer, config: Config): Promise<string> {
  const keys = await jwtKeys(config.jwt, config.dataDir)
  const rights = { scopes: [], expiresAt: null }
  if (keys.kind === 'secret') return signToken(keys, { ownerId: demoOwner, id: randomUUID(), ...rights })
  const token = { name: 'Demo', allowedIps: [], rateLimit: null, ...rights }
  return (await createToken(connection.db, demoOwner, token)).text
}
