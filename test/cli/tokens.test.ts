import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createOwner } from '../../src/accounts/owners.js'
import { withToken } from '../support/access-tokens.js'
import { openApp, testSecret } from '../support/app.js'
import { runInProcess } from '../support/command-line.js'
import { testDatabase } from '../support/database.js'
import { keyPairs, pem } from '../support/tokens.js'

async function site() {
  const { db, url } = await testDatabase()
  await Promise.all([26, 27].map((id) => createOwner(db, id, null)))
  const run = (args: string[], options: { input?: string; env?: Record<string, string> } = {}) =>
    runInProcess(db, ['token', ...args], { ...options, env: { JWT_SECRET: testSecret, ...options.env } })
  const me = async (text: string) => {
    const server = await openApp({ databaseUrl: url })
    const answer = await server.app.inject({ url: '/auth/me', headers: withToken(text) })
    await server.close()
    return { status: answer.statusCode, ...answer.json().data }
  }
  return { db, run, me }
}

describe('token create', () => {
  it('prints a token, alone, once; a server accepts it as it was asked for', async () => {
    const { db, run, me } = await site()
    const before = Date.now()
    const { status, stdout, stderr } = await run([
      ...['create', '--user', '26', '--name', 'Dashboard', '--scope', 'visits:read visits:pii', '--expires-in', '30d'],
      ...['--allow-ip', '127.0.0.1, 10.1.2.3/8', '--rate-limit', '500'],
    ])
    const after = Date.now()
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^[A-Za-z0-9]{40}\n$/)
    const text = stdout.trimEnd()
    const { id, token, status: accepted } = await me(text)
    expect([accepted, id]).toEqual([200, 26])
    expect(token).toMatchObject({
      name: 'Dashboard',
      scopes: ['visits:read', 'visits:pii'],
      allowed_ips: ['127.0.0.1', '10.0.0.0/8'],
      rate_limit: 500,
    })
    const end = Date.parse(token.expires_at)
    const month = 30 * 86_400_000
    expect(end).toBeGreaterThan(before + month - 1000)
    expect(end).toBeLessThanOrEqual(after + month)
    const { rows } = await db.pool.query('SELECT t::text AS row, token_hash FROM access_tokens t')
    expect(rows[0].row).not.toContain(text)
    expect(rows[0].token_hash).toEqual(createHash('sha256').update(text).digest())
  })

  it('prints a JWT that says by itself whose it is, what it may and until when, and has a row to be revoked by', async () => {
    const { run, me } = await site()
    const { stdout } = await run(['create', '--user', '26', '--jwt', '--scope', 'links:read', '--expires-in', '1h'])
    const text = stdout.trimEnd()
    const [header, payload] = text.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    expect(JSON.parse(header ?? '')).toMatchObject({ alg: 'HS256' })
    const { token } = await me(text)
    const said = { sub: '26', scope: 'links:read', jti: token.id, exp: Date.parse(token.expires_at) / 1000 }
    expect(JSON.parse(payload ?? '')).toMatchObject(said)
    const { stderr } = await run(['revoke', token.id, '--user', '26'])
    expect(stderr).toBe(`Token ${token.id} is revoked.\n`)
    expect(await me(text)).toEqual({ status: 401 })
  })

  it('without scopes makes one that may do everything but see numbers, and without an end one that has none', async () => {
    const { run, me } = await site()
    const { stdout } = await run(['create', '--user', '26'])
    expect((await me(stdout.trimEnd())).token).toMatchObject({
      scopes: ['admin'],
      allowed_ips: [],
      rate_limit: null,
      expires_at: null,
    })
  })

  it.each([
    [['--user', 'x'], 'give a positive number.'],
    [[], "required option '--user <number>' not specified"],
    [['--user', '26', '--scope', 'everything'], 'everything is no scope; there are visits:read, visits:pii, '],
    [['--user', '26', '--scope', ' '], 'name at least one.'],
    [['--user', '26', '--expires-in', '30'], 'give a number with s, m, h, d, w or y'],
    [['--user', '26', '--expires-in', '1001y'], 'give a number with s, m, h, d, w or y'],
    [['--user', '26', '--allow-ip', '10.0.0.0/33'], '10.0.0.0/33 is no address and no CIDR range'],
    [['--user', '26', '--rate-limit', '0'], 'give a positive number.'],
  ])('refuses %j, and stores nothing', async (args, text) => {
    const { db, run } = await site()
    const { status, stdout, stderr } = await run(['create', ...args])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain(text)
    expect((await db.pool.query('SELECT FROM access_tokens')).rowCount).toBe(0)
  })

  it('refuses an owner that does not exist, and creates it with --create', async () => {
    const { db, run, me } = await site()
    expect(await run(['create', '--user', '777'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'smart-link: There is no owner 777: smart-link owner list shows them, and --create makes this one.\n',
    })
    expect((await db.pool.query('SELECT FROM owners WHERE id = 777')).rowCount).toBe(0)
    const { stdout } = await run(['create', '--user', '777', '--create'])
    expect((await me(stdout.trimEnd())).id).toBe(777)
  })

  it('makes no JWT where JWTs are signed elsewhere', async () => {
    const { run } = await site()
    const env = { JWT_SECRET: '', JWT_PUBLIC_KEY: pem(keyPairs.ES256.publicKey) }
    const { status, stderr } = await run(['create', '--user', '26', '--jwt'], { env })
    expect([status, stderr]).toEqual([
      1,
      'smart-link: JWTs are signed elsewhere: this server has only a public key (JWT_PUBLIC_KEY or JWT_JWKS_URL).\n',
    ])
  })
})

describe('token list', () => {
  it('shows what is known of them, newest first, and nothing that proves anything', async () => {
    const { db, run } = await site()
    const first = (
      await run(['create', '--user', '26', '--name', 'a\u001bb', '--allow-ip', '10.0.0.1'])
    ).stdout.trimEnd()
    const second = (
      await run(['create', '--user', '26', '--scope', 'links:read', '--rate-limit', '7'])
    ).stdout.trimEnd()
    await run(['create', '--user', '27', '--name', 'not mine'])
    await run(['revoke'], { input: first })
    const { status, stdout } = await run(['list', '--user', '26'])
    expect(status).toBe(0)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(lines[0]).toEqual(['ID', 'NAME', 'SCOPES', 'FROM', 'A MINUTE', 'CREATED', 'EXPIRES', 'LAST USED', 'REVOKED'])
    const time = expect.stringMatching(/^[\d-]{10}T[\d:]{8}Z$/)
    const id = expect.stringMatching(/^[\da-f-]{36}$/)
    expect(lines.slice(1)).toEqual([
      [id, '-', 'links:read', '-', '7', time, '-', '-', '-'],
      [id, 'a?b', 'admin', '10.0.0.1', '-', time, '-', '-', time],
    ])
    const { rows } = await db.pool.query('SELECT token_hash FROM access_tokens')
    const secrets = rows.flatMap(({ token_hash: hash }) => [hash.toString('hex'), hash.toString('base64')])
    for (const secret of [first, second, ...secrets]) expect(stdout).not.toContain(secret)
  })
})

describe('token revoke', () => {
  it('says when a token was revoked already, and when there is none', async () => {
    const { run, me } = await site()
    const text = (await run(['create', '--user', '26'])).stdout.trimEnd()
    const { id } = (await me(text)).token
    expect((await run(['revoke', id, '--user', '26'])).stderr).toBe(`Token ${id} is revoked.\n`)
    expect((await run(['revoke', id, '--user', '26'])).stderr).toBe(`Token ${id} was already revoked.\n`)
    const missing = { status: 1, stdout: '', stderr: 'smart-link: There is no such token.\n' }
    expect(await run(['revoke', id, '--user', '27'])).toEqual(missing)
    expect(await run(['revoke'], { input: 'x'.repeat(40) })).toEqual(missing)
    expect(await run(['revoke', id])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'smart-link: Say whose token it is: --user NUMBER.\n',
    })
  })

  it('does not take a token as an argument, which everybody on the machine could read', async () => {
    const { run, me } = await site()
    const text = (await run(['create', '--user', '26'])).stdout.trimEnd()
    const { status, stderr } = await run(['revoke', text, '--user', '26'])
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('give the id that `token list` shows, not the token.'),
    ])
    expect((await me(text)).status).toBe(200)
  })
})
