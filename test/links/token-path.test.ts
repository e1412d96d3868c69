import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTokenPath } from '../../src/links/token-path.js'

const encoded = (text: string) => encodeURIComponent(text)

describe('a token with text of a message behind it', () => {
  const beside = {
    'a full stop': '.',
    'several in a row': '…!).',
    'a closing bracket': ']',
    'an angle bracket': '>',
    'a straight quotation mark': '"',
    'a curly quotation mark': '”',
    'a guillemet': '»',
    'an apostrophe': '’',
    'marks of bold text': '**',
    'a low line behind another sign': '*_',
    'a backslash': '\\',
    'a soft line break of quoted-printable': '=',
    'a full-width full stop': '。',
    'a full-width bracket': '）',
    'a full-width comma': '，',
    'an ideographic comma': '、',
    'an Arabic question mark': '؟',
    'an Arabic comma': '،',
    'a danda': '।',
    'an Ethiopic full stop': '።',
    'a no-break space': '\u00a0',
    'an ideographic space': '\u3000',
    'a narrow no-break space': '\u202f',
    'a line separator': '\u2028',
    'a tab and a line feed': '\t\n',
    'a zero-width space': '\u200b',
    'a byte order mark': '\ufeff',
    'a word joiner': '\u2060',
    'a right-to-left mark': '\u200f',
    'the end of a bidi isolate': '\u2069',
    'a soft hyphen': '\u00ad',
    'a Hangul filler': '\u3164',
    'a variation selector': '\ufe0f',
    'an object replacement character': '\ufffc',
    'a thumb with a skin tone': '👍🏽',
    'a family joined by invisible marks': '👨‍👩‍👧',
    'a heart in emoji style': '❤️',
    'an information sign': 'ℹ️',
    'a flag': '🇮🇳',
    'all of these kinds mixed': '“)。\u200b🎉 ',
  }

  it.each(Object.entries(beside))('is read without %s', (_, text) => {
    expect(readTokenPath(`AbC123${encoded(text)}`)).toEqual({ token: 'AbC123', query: '' })
    expect(readTokenPath(`AbC123${Buffer.from(text).toString('latin1')}`)).toEqual({ token: 'AbC123', query: '' })
    expect(readTokenPath(`AbC123${encoded(encoded(text))}`)).toEqual({ token: 'AbC123', query: '' })
  })

  it.each([
    ['a lone percent sign', '%'],
    ['half an escape', '%2'],
    ['half an escape in front of a whole one', '%E%20'],
    ['a percent sign in front of an escape', '%%20'],
    ['UTF-8 that was cut off', '%E2%80'],
    ['UTF-8 and an escape that were cut off', '.%E2%80%9'],
    ['a no-break space in Latin-1', '%A0'],
    ['a quotation mark in Windows-1252', '%94'],
    ['overlong UTF-8', '%C0%AE'],
    ['an encoded slash', '%2F'],
    ['a NUL', '%00'],
    ['escapes in lower case', '%e2%80%9d'],
  ])('is read without %s', (_, text) => {
    expect(readTokenPath(`AbC123${text}`)).toEqual({ token: 'AbC123', query: '' })
  })

  it.each([
    ['letters', 'AbC123)hello'],
    ['an accented letter', `AbC123${encoded('é')}`],
    ['a letter of another script', `AbC123${encoded('中')}`],
    ['a letter behind signs', `AbC123.${encoded('я')}`],
    ['an Arabic digit', `AbC123${encoded('٣')}`],
    ['a full-width digit', `AbC123${encoded('１')}`],
    ['a digit behind a blank', 'AbC123%201'],
    ['a suffix', 'favicon.ico'],
    ['an incomplete escape in the middle', 'AbC%z123'],
    ['signs in front', '.AbC123'],
    ['a plus sign in the middle', 'a+b'],
    ['another segment', 'offer/spring'],
    ['too many characters', 'x'.repeat(65)],
    ['too many characters and a sign', `${'x'.repeat(65)}.`],
  ])('is none with %s', (_, path) => {
    expect(readTokenPath(path)).toBeNull()
  })

  it.each(['link.', 'API%20', 'Favicon.', 'health&a=1', 'robots%3Fa=1'])('is none as a reserved word: %s', (path) => {
    expect(readTokenPath(path)).toBeNull()
  })

  it.each(['AbC123_', 'AbC123-', '-', 'a_b-c', 'x'.repeat(64)])('keeps dashes and low lines: %s', (token) => {
    expect(readTokenPath(token)).toEqual({ token, query: '' })
    expect(readTokenPath(`${token}.`)).toEqual({ token, query: '' })
  })

  it('is read whatever stands behind it that has neither letters nor digits', () => {
    const sign = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{L}\p{N}]/u.test(text) && !/^[-_]/.test(text))
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{1,64}$/), sign, (token, text) => {
        fc.pre(readTokenPath(token) !== null)
        expect(readTokenPath(token + encoded(text))).toEqual({ token, query: '' })
      }),
    )
  })
})

describe('a query in the path', () => {
  it.each([
    ['AbC123&a=1', 'a=1'],
    ['AbC123&a=1&b=%26', 'a=1&b=%26'],
    ['AbC123.&a=1', 'a=1'],
    ['AbC123&&a=1', 'a=1'],
    ['AbC123%26a=1', 'a=1'],
    ['AbC123%3Fa=1', 'a=1'],
    ['AbC123%3fa%3D1%26b%3D2', 'a=1&b=2'],
    ['AbC123%3Fa%3Dx%20y%2520z%25C3%25BC', 'a=x%20y%20z%C3%BC'],
    ['AbC123%253Fa%253D1', 'a=1'],
    ['AbC123%E2%80%8B%3Fa=1', 'a=1'],
    ['AbC123%3Fa=1%23top', 'a=1'],
    ['AbC123%23top', ''],
    ['AbC123&amp;a=1&amp;b=2', 'a=1&b=2'],
    ['AbC123%26amp%3Ba%3D1', 'a=1'],
    ['AbC123&quot;', ''],
    ['AbC123&gt;&nbsp;', ''],
    ['AbC123%26%2339%3B', ''],
    ['AbC123&quot;&a=1', 'a=1'],
    ['AbC123&', ''],
    ['AbC123&.', ''],
    ['AbC123%3F', ''],
  ])('of %s is "%s"', (path, query) => {
    expect(readTokenPath(path)).toEqual({ token: 'AbC123', query })
  })
})
