import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/config.js'

interface Service {
  image: string
  environment?: Record<string, string>
  volumes?: string[]
  depends_on?: Record<string, unknown>
  read_only?: boolean
}

const projectFile = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

const { services, volumes } = parse(projectFile('compose.yaml'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const ours = Object.entries(services).filter(([, { image }]) => image === 'smart-link')

/** As Compose fills in variables. */
function filledIn(environment: Record<string, string>, given: Record<string, string>): Record<string, string> {
  const fill = (text: string) =>
    text.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name, kind, rest) => given[name] || (kind === '-' ? rest : ''))
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]))
}

it('compose.yaml has a server, and all that it can be used with', () => {
  expect(Object.keys(services)).toEqual(['migrate', 'server', 'postgres', 'nats', 'redis'])
  expect(ours.map(([name]) => name)).toEqual(['migrate', 'server'])
  for (const { depends_on = {} } of Object.values(services)) {
    for (const name of Object.keys(depends_on)) expect(Object.keys(services)).toContain(name)
  }
  const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes.map((text) => text.split(':')[0] ?? ''))
  expect([...new Set(mounted)].sort()).toEqual(Object.keys(volumes).sort())
})

it.each(ours)('%s in compose.yaml has only variables that there are, with values that are accepted', (_, service) => {
  const known = Object.keys(parseEnv(projectFile('.env.example')))
  const environment = service.environment ?? {}
  expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([])
  const secrets = { POSTGRES_PASSWORD: 'a-password', JWT_SECRET: 'x'.repeat(32) }
  const config = readConfig(filledIn(environment, secrets))
  expect(config).toMatchObject({
    databaseUrl: 'postgresql://smart_link:a-password@postgres:5432/smart_link',
    jwt: { kind: 'secret', secret: secrets.JWT_SECRET },
    queue: { servers: ['nats:4222'] },
    redisUrl: 'redis://redis:6379',
    trustProxy: ['uniquelocal'],
    publicUrl: 'http://127.0.0.1:3000',
    shortUrl: undefined,
  })
  expect(service.read_only).toBe(true)
})
