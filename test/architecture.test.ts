import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const source = fileURLToPath(new URL('../src', import.meta.url))

/** Which folders a folder of src may import from, besides itself. */
const allowed: Record<string, string[]> = {
  measures: [],
  heap: [],
  csv: [],
  'growing-cache': [],
  'event-loop': [],
  'recipient-files': ['csv'],
  database: ['config'],
  http: ['config', 'csv', 'accounts', 'database', 'growing-cache', 'event-loop'],
  accounts: ['config', 'http', 'database', 'measures'],
  audit: ['config', 'accounts', 'http', 'database'],
  links: ['config', 'accounts', 'http', 'database'],
  recipients: ['config', 'csv', 'recipient-files', 'audit', 'links', 'accounts', 'http', 'database', 'event-loop'],
  visits: [
    'config',
    'csv',
    'audit',
    'recipients',
    'links',
    'accounts',
    'http',
    'database',
    'measures',
    'heap',
    'growing-cache',
    'event-loop',
  ],
  erasures: ['config', 'visits', 'recipients', 'links', 'accounts', 'http', 'database', 'event-loop'],
  capture: ['config', 'visits', 'recipients', 'links', 'accounts', 'http', 'database', 'measures', 'growing-cache'],
  imports: ['config', 'csv', 'capture', 'visits', 'recipients', 'links', 'accounts', 'http', 'database'],
  queue: ['config', 'capture', 'visits', 'database'],
  webhooks: ['config', 'capture', 'visits', 'recipients', 'links', 'accounts', 'http', 'database', 'measures'],
  backup: ['config', 'database'],
  monitoring: [
    'config',
    'audit',
    'backup',
    'webhooks',
    'queue',
    'capture',
    'visits',
    'accounts',
    'http',
    'database',
    'measures',
  ],
  tracing: ['config', 'webhooks', 'capture', 'visits'],
  doctor: ['config', 'backup', 'queue', 'capture', 'visits', 'http', 'database'],
  demo: ['capture', 'webhooks', 'visits', 'recipients', 'links', 'accounts', 'database'],
  openapi: ['config', 'accounts', 'http'],
  client: [],
  dashboard: ['client', 'csv', 'recipient-files'],
  'dashboard-routes': ['config', 'http'],
  config: [],
  health: ['config', 'capture', 'http', 'database'],
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('database/prisma/'))
  .map((file) => ({ file, text: readFileSync(join(source, file), 'utf8') }))

const folderOf = (file: string) => file.split('/')[0]?.replace(/\.(tsx?|js)$/, '') ?? ''

function importsOf({ file, text }: { file: string; text: string }): string[] {
  const paths = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, path]) => path ?? '')
  return paths.map((path) => relative(source, resolve(source, dirname(file), path)))
}

describe('the structure of src', () => {
  it.each(Object.keys(allowed))('%s imports only from below', (folder) => {
    const inFolder = files.filter(({ file }) => folderOf(file) === folder)
    const upward = inFolder.flatMap((file) => {
      const wrong = importsOf(file).filter((path) => ![folder, ...(allowed[folder] ?? [])].includes(folderOf(path)))
      return wrong.map((path) => `${file.file} → ${path}`)
    })
    expect(upward).toEqual([])
  })

  it('reads the environment in config.ts only', () => {
    expect(files.filter(({ text }) => text.includes('process.env')).map(({ file }) => file)).toEqual(['config.ts'])
  })

  it('constructs the database client in database/ only', () => {
    const constructing = files.filter(({ text }) => /new (PrismaClient|pg\.(Pool|Client))\(/.test(text))
    expect(constructing.filter(({ file }) => folderOf(file) !== 'database').map(({ file }) => file)).toEqual([])
  })

  it('stores visits in append.ts only', () => {
    const storing = files
      .filter(({ text }) => /INSERT INTO visits\b|prisma\.visit\.create/.test(text))
      .map(({ file }) => file)
    expect(storing).toEqual(['visits/append.ts'])
  })
})
