import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  buildQueryString,
  parseQueryString,
  type QueryArray,
  type QueryValue,
  queryObject,
} from '../../src/http/query-string.js'

const read = (raw: string) => JSON.parse(JSON.stringify(queryObject(parseQueryString(raw))))
const rewritten = (raw: string) => buildQueryString(parseQueryString(raw))

describe('a query string is read as PHP reads it', () => {
  it.each<[string, unknown]>([
    ['', {}],
    ['&&&', {}],
    ['a=1', { a: '1' }],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2', { a: '2' }],
    ['a', { a: null }],
    ['a=', { a: null }],
    ['=1', {}],
    ['a=b=c', { a: 'b=c' }],
    ['a=%3D&b=%26', { a: '=', b: '&' }],
    ['a%3D1=2', { 'a=1': '2' }],
    ['a;b=1', { 'a;b': '1' }],
    ['a?b=1', { 'a?b': '1' }],
    ['A=1&a=2', { A: '1', a: '2' }],
  ])('%s', (raw, query) => expect(read(raw)).toEqual(query))

  it.each<[string, unknown]>([
    ['a+b=c+d', { a_b: 'c d' }],
    ['a%20b=c%20d', { a_b: 'c d' }],
    ['a.b=1', { a_b: '1' }],
    ['+a=1', { a: '1' }],
    ['a+=1', { a_: '1' }],
    ['a[b.c]=1', { a: { 'b.c': '1' } }],
    ['a[b c]=1', { a: { 'b c': '1' } }],
    ['a[ b]=1', { a: { ' b': '1' } }],
    ['a.b[c.d]=1', { a_b: { 'c.d': '1' } }],
    ['a%00b=1', { a: '1' }],
    ['%00a=1', {}],
    ['ä=1', { ä: '1' }],
    ['%C3%A4=%c3%a4', { ä: 'ä' }],
    ['a=%zz&b=%&c=%4', { a: '%zz', b: '%', c: '%4' }],
    ['a=%41%42%zz', { a: 'AB%zz' }],
    ['a=%FF', { a: '\ufffd' }],
    ['a=%2B', { a: '+' }],
    ['a=%2525', { a: '%25' }],
  ])('names and escapes: %s', (raw, query) => expect(read(raw)).toEqual(query))

  it.each<[string, unknown]>([
    ['a[]=1&a[]=2', { a: { 0: '1', 1: '2' } }],
    ['a%5B%5D=1&a%5b%5d=2', { a: { 0: '1', 1: '2' } }],
    ['a[x]=1&a[y]=2', { a: { x: '1', y: '2' } }],
    ['a[5]=1&a[]=2', { a: { 5: '1', 6: '2' } }],
    ['a[x]=1&a[]=2', { a: { x: '1', 0: '2' } }],
    ['a[05]=1&a[]=2', { a: { '05': '1', 0: '2' } }],
    ['a[][]=1&a[][]=2', { a: { 0: { 0: '1' }, 1: { 0: '2' } } }],
    ['a[b][c]=1&a[b][d]=2', { a: { b: { c: '1', d: '2' } } }],
    ['a=1&a[b]=2', { a: { b: '2' } }],
    ['a[b]=1&a=2', { a: '2' }],
    ['a[b]=1&a[b][c]=2', { a: { b: { c: '2' } } }],
    ['a[b]c=1', { a: { b: '1' } }],
    ['a[b]c[d]=1', { a: { b: '1' } }],
    ['a[b=1', { a_b: '1' }],
    ['a[b.c d[e=1', { a_b_c_d_e: '1' }],
    ['a[b][c=1', { a: { b: '1' } }],
    ['a[ ]b]=1', { a: { 0: '1' } }],
    ['a[[b]=1', { a: { '[b': '1' } }],
    ['a]b=1', { 'a]b': '1' }],
    ['[a]=1', {}],
    ['a[ ]=1', { a: { 0: '1' } }],
    ['a[]', { a: { 0: null } }],
  ])('brackets: %s', (raw, query) => expect(read(raw)).toEqual(query))

  it.each<[string, unknown]>([
    ['a=+1+', { a: '1' }],
    ['a=%20%09%0A', { a: null }],
    ['a=%C2%A0x%E2%80%8B', { a: 'x' }],
    ['a=%00', { a: null }],
    ['a[b]=+', { a: { b: null } }],
    ['a=0', { a: '0' }],
    ['a=null&b=true', { a: 'null', b: 'true' }],
  ])('and values as Laravel trims them: %s', (raw, query) => expect(read(raw)).toEqual(query))

  it('the thousand and first parameter is left out', () => {
    const raw = Array.from({ length: 1001 }, (_, i) => `p${i}=1`).join('&')
    expect(Object.keys(read(raw))).toHaveLength(1000)
    expect(read(raw)).not.toHaveProperty('p1000')
  })

  it('deeper than 64 levels is left out', () => {
    const nested = (depth: number) => read(`a=1&c=1&a${'[b]'.repeat(depth)}=1`)
    expect(Object.keys(nested(64))).toEqual(['a', 'c'])
    expect(Object.keys(nested(65))).toEqual(['c'])
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('a parameter named %s is only data', (name) => {
    const query = queryObject(parseQueryString(`${name}[admin]=1&a[${name}][admin]=1`))
    expect(Object.getPrototypeOf(query)).toBeNull()
    expect(Object.entries(query)).toHaveLength(2)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('a query string is written as PHP writes it', () => {
  it.each([
    ['a=1&b=2', 'a=1&b=2'],
    ['b=2&a=1', 'b=2&a=1'],
    ['a[]=x&a[]=y', 'a%5B0%5D=x&a%5B1%5D=y'],
    ['f[a][b]=1', 'f%5Ba%5D%5Bb%5D=1'],
    ['a=b+c', 'a=b%20c'],
    ["a=!'()*~-_.", 'a=%21%27%28%29%2A~-_.'],
    ['a=%C3%A4/:@', 'a=%C3%A4%2F%3A%40'],
    ['a=&b&c=1', 'c=1'],
    ['a[]=&b=1', 'b=1'],
    ['a=%FF', 'a=%EF%BF%BD'],
  ])('%s', (raw, written) => expect(rewritten(raw)).toBe(written))

  it('with booleans as 1 and 0, as http_build_query has them', () => {
    const query: QueryArray = new Map<string, QueryValue>([
      ['a', true],
      ['b', false],
      ['c', 5],
    ])
    expect(buildQueryString(query)).toBe('a=1&b=0&c=5')
  })
})

const part = fc.stringMatching(/^[ab.+[\]%=&0-9xé ]{0,12}$/)

describe('for any query string', () => {
  it.each([
    ['raw text', fc.string({ unit: 'binary' })],
    ['brackets and escapes', fc.array(part).map((parts) => parts.join('&'))],
  ])('what is written means what was read: %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (raw) => {
        const once = rewritten(raw)
        expect(rewritten(once)).toBe(once)
        expect(once).toMatch(/^[A-Za-z0-9%=&~._-]*$/)
      }),
      { numRuns: 1000 },
    )
  })
})
