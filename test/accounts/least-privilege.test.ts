import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressFilter, parseRange } from '../../src/accounts/allowed-ips.js'
import { withinCaller } from '../../src/accounts/least-privilege.js'
import { type Caller, may, scopes } from '../../src/accounts/scopes.js'
import { HttpError } from '../../src/http/errors.js'

const ranges = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '192.168.0.0/16', '2001:db8::/32', '2001:db8:1::/48', '::1']
const addresses = ['10.0.0.1', '10.1.0.1', '10.1.2.3', '192.168.7.7', '2001:db8::1', '2001:db8:1::1', '::1', '8.8.8.8']
const times = [1, 2, 3].map((years) => new Date(Date.UTC(2040 + years, 0, 1)))
const limits = [1, 10, 100, 1000]

const someScopes = fc.subarray([...scopes], { minLength: 1 })
const someRanges = fc.subarray(ranges)
const perhaps = <T>(...values: T[]) => fc.constantFrom<T | null>(null, ...values)

const callers = fc.record({
  scopes: fc.option(someScopes.map((given) => new Set<string>(given))),
  allowedIps: someRanges,
  rateLimit: perhaps(...limits),
  expiresAt: perhaps(...times),
  isStored: fc.boolean(),
})

const wishes = fc.record({
  scopes: someScopes,
  allowed_ips: fc.option(someRanges),
  rate_limit: perhaps(...limits),
  expires_at: perhaps(...times),
})

function callerOf({ scopes, isStored, ...token }: ReturnType<typeof example>): Caller {
  const id = isStored ? '01a206d4-16b5-7f4f-98b7-970dc78e479a' : null
  return { ownerId: 1, scopes, token: { id, sender: 'x', name: 'x', createdAt: null, ...token } }
}
const example = () =>
  fc.sample(callers, 1)[0] as { scopes: Set<string> | null; isStored: boolean } & Omit<
    Caller['token'],
    'id' | 'sender' | 'name' | 'createdAt'
  >

describe('a token made by another', () => {
  it('may do nothing that the other may not: no scope, no address, no request, no moment more', () => {
    fc.assert(
      fc.property(callers, wishes, fc.constantFrom(0, 50, 1000), (given, wish, accountLimit) => {
        const caller = callerOf(given)
        try {
          const made = withinCaller({ name: 'x', type: null, ...wish }, caller, accountLimit)
          const makes = { scopes: new Set<string>(made.scopes) }
          for (const scope of scopes) if (may(makes, scope)) expect([scope, may(caller, scope)]).toEqual([scope, true])
          const from = (list: readonly string[]) => (list.length === 0 ? () => true : addressFilter(list))
          for (const address of addresses) {
            if (from(made.allowedIps)(address)) expect(from(given.allowedIps)(address)).toBe(true)
          }
          const most = Math.min(given.rateLimit ?? Infinity, accountLimit || Infinity)
          expect(Math.min(made.rateLimit ?? Infinity, accountLimit || Infinity)).toBeLessThanOrEqual(most)
          const end = (time: Date | null) => time?.getTime() ?? Infinity
          expect(end(made.expiresAt)).toBeLessThanOrEqual(end(given.expiresAt))
        } catch (error) {
          if (!(error instanceof HttpError)) throw error
          expect(error.status).toBe(422)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('is as the other where nothing is said', () => {
    fc.assert(
      fc.property(callers, (given) => {
        const caller = callerOf(given)
        const allowed = scopes.filter((scope) => may(caller, scope))
        fc.pre(allowed.length > 0)
        const made = withinCaller({ name: 'x', scopes: allowed }, caller, 0)
        const { allowedIps, rateLimit, expiresAt } = given
        expect(made).toEqual({ name: 'x', scopes: allowed, allowedIps, rateLimit, expiresAt })
      }),
    )
  })

  const caller = callerOf({
    scopes: new Set(['admin']),
    allowedIps: ['10.0.0.0/8', '2001:db8::/32'],
    rateLimit: 100,
    expiresAt: new Date('2040-01-01'),
    isStored: true,
  })

  it.each([
    [
      { scopes: ['visits:pii' as const] },
      { scopes: ['The scopes field must not have scopes that the token in use has not.'] },
    ],
    [
      { allowed_ips: ['10.1.2.3', '11.0.0.0/8'] },
      { allowed_ips: ['The allowed ips field must be within 10.0.0.0/8, 2001:db8::/32, as of the token in use.'] },
    ],
    [
      { allowed_ips: ['0.0.0.0/0'] },
      { allowed_ips: ['The allowed ips field must be within 10.0.0.0/8, 2001:db8::/32, as of the token in use.'] },
    ],
    [{ rate_limit: 101 }, { rate_limit: ['The rate limit field must not be greater than 100.'] }],
    [
      { expires_at: new Date('2040-01-01T00:00:00.001Z') },
      { expires_at: ['The expires at field must not be later than 2040-01-01T00:00:00.000Z, as of the token in use.'] },
    ],
  ])('is refused with what would be more: %j', (wish, errors) => {
    const make = () => withinCaller({ name: 'x', scopes: ['links:read'], ...wish }, caller, 1000)
    expect(make).toThrow(expect.objectContaining({ status: 422, extra: { errors } }))
  })

  it('is given all of admin by a token without scopes, but not whole numbers', () => {
    const unscoped = callerOf({ scopes: null, allowedIps: [], rateLimit: null, expiresAt: null, isStored: false })
    expect(withinCaller({ name: 'x', scopes: ['admin', 'webhooks:write'] }, unscoped, 0).scopes).toHaveLength(2)
    expect(() => withinCaller({ name: 'x', scopes: ['visits:pii'] }, unscoped, 0)).toThrow(HttpError)
  })
})

describe('an address or a range', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
    ['2001:DB8::1/32', '2001:db8::/32'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['::/0', '::/0'],
  ])('%s is stored as %s', (text, stored) => expect(parseRange(text)).toBe(stored))

  it.each([
    ...[
      '',
      ' ',
      '10',
      '10.1',
      '10.1.2',
      '10.1.2.3.4',
      '256.0.0.1',
      '010.0.0.1',
      '0x0a.0.0.1',
      '167772161',
      '10.0.0.1:80',
    ],
    ...['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0', '10.0.0.*', '10.0.0.1-9'],
    ...['[::1]', '::1%lo', 'fe80::1%eth0/64', '::/129', ':::1', '2001:db8', 'localhost', 'example.com', '10.0.0.1\n'],
  ])('%j is neither', (text) => expect(parseRange(text)).toBe(null))

  it('allows what is in it, as numbers say, in either spelling', () => {
    const bitsOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (network, address, bits) => {
        const isInside =
          Math.floor(bitsOf(network) / 2 ** (32 - bits)) === Math.floor(bitsOf(address) / 2 ** (32 - bits))
        const allows = addressFilter([parseRange(`${network}/${bits}`) ?? ''])
        expect([allows(address), allows(`::ffff:${address}`)]).toEqual([isInside, isInside])
      }),
      { numRuns: 1000 },
    )
  })
})
