import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { postTarget, uriProblem } from '../../src/webhooks/uri.js'

describe('the address of a webhook for one visit', () => {
  const values = { id: 'a-b', mobile: '+91 90', up: '..', here: '.', host: 'evil.example', empty: '' }
  const of = (uri: string) => postTarget(uri, values)

  it.each([
    ['https://h.example', { isSecure: true, host: 'h.example', port: 443, path: '/' }],
    ['http://h.example:8080/a?b#c', { isSecure: false, host: 'h.example', port: 8080, path: '/a?b' }],
    ['HTTP://H.EXAMPLE:80', { isSecure: false, host: 'h.example', port: 80, path: '/' }],
    ['https://[2606:4700::1]:8443/x', { isSecure: true, host: '2606:4700::1', port: 8443, path: '/x' }],
    ['https://bücher.example/ü', { isSecure: true, host: 'xn--bcher-kva.example', port: 443, path: '/%C3%BC' }],
  ])('%s', (uri, target) => expect(of(uri)).toEqual(target))

  it.each([
    ['/{id}/{{id}}?m={mobile}', '/a-b/a-b?m=%2B91%2090'],
    ['/{unknown}/{{id}?x={unknown}', '/%7Bunknown%7D/%7Ba-b?x={unknown}'],
    ['/a/{up}/b', '/a//b'],
    ['/a/{here}{here}/b', '/a//b'],
    ['/a/{empty}./b', '/a//b'],
    ['/{up}{up}/x{up}', '/..../x..'],
    ['/a/../b/{id}', '/b/a-b'],
    ['?{host}', '/?evil.example'],
    ['/%7Bid%7D', '/a-b'],
  ])('fills %s', (path, filled) => expect(of(`https://h.example${path}`).path).toBe(filled))

  it('has the host that its owner gave it, whatever the visitor sends', () => {
    const part = fc.constantFrom('/', '\\', '?', '#', '@', ':', '{v}', '{{v}}', 'x', '.', '..', '%2e', '//')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.string({ unit: 'binary' }), (parts, v) => {
        const uri = `https://h.example/${parts.join('')}`
        if (uriProblem(uri, () => true) !== null) return
        const { host, port, path } = postTarget(uri, { v })
        const empty = postTarget(uri, { v: 'x' })
        expect([host, port]).toEqual(['h.example', 443])
        expect(path).toMatch(/^\/[\x21-\x7e]*$/)
        const depth = (text: string) => new URL(`https://h.example${text}`).pathname.split('/').length
        expect(depth(path)).toBe(depth(empty.path))
      }),
    )
  })
})
