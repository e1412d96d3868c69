import fc from 'fast-check'
import examples from 'libphonenumber-js/examples.mobile.json' with { type: 'json' }
import { type CountryCode, getCountries, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { describe, expect, it } from 'vitest'
import { foreignMobile, givenMobile, soughtMobile } from '../../src/recipients/given-mobile.js'
import { mobileRule } from '../../src/recipients/mobile.js'
import { numberingPlan } from '../../src/recipients/numbering-plan.js'

/** What is stored of a text, or why it is refused. */
function stored(raw: string): string {
  const read = givenMobile(raw)
  return 'mobile' in read ? read.mobile : read.problem
}

/** What a text is compared by. */
function keyOf(raw: string, country?: CountryCode): string {
  return mobileRule(country).keyOf(stored(raw))
}

interface Example {
  country: CountryCode
  callingCode: string
  national: string
}

/** Mobile numbers of all countries, in the form that they are dialled from abroad. */
const numbers: fc.Arbitrary<Example> = fc
  .tuple(fc.constantFrom(...getCountries()), fc.integer({ min: 0, max: 9999 }))
  .map(([country, tail]) => {
    const national = examples[country].slice(0, -4) + String(tail).padStart(4, '0')
    return { country, national, callingCode: numberingPlan(country).callingCode }
  })
  .filter(({ callingCode, national }) => {
    const number = parsePhoneNumberFromString(`+${callingCode}${national}`)
    return national.length >= 7 && number?.getType()?.includes('MOBILE') === true && number.isValid()
  })

describe('what is stored of a number', () => {
  it.each([
    ['+447700900123', '+447700900123'],
    ['00447700900123', '00447700900123'],
    ['  07700 900123 ', '07700900123'],
    ['+44 (0)7700 900123', '+447700900123'],
    ['0044 (0) 7700-900123', '00447700900123'],
    ['44 [0] 7700 900123', '447700900123'],
    ['(0)7700 900123', '07700900123'],
    ['+39 (0)6 12345678', '+390612345678'],
    ['+39 (0)347 1234567', '+393471234567'],
    ['+44\u00a07700\u2011900\u2212123', '+447700900123'],
    ['+44\u20137700\u2014900\u2015123', '+447700900123'],
    ['0664/1234567', '06641234567'],
    ['+33/6/12/34/56/78', '+33612345678'],
    ['415.555.2671', '4155552671'],
    ['07700.900123', '07700900123'],
    ['06.12.34.56.00', '0612345600'],
    ['\u202a+447700900123\u202c', '+447700900123'],
    ['\ufeff447700\u200b900123\u2060', '447700900123'],
    ["'+447700900123", '+447700900123'],
    ['\u2019447700900123', '447700900123'],
    ['="447700900123"', '447700900123'],
    ['=+447700900123', '+447700900123'],
    ['"+44 7700 900123"', '+447700900123'],
    ['tel:+44-7700-900123', '+447700900123'],
    ['<TEL:+447700900123>', '+447700900123'],
    ['tel:7700900123;phone-context=+44', '+447700900123'],
    ['tel:07700900123;phone-context=+44', '+447700900123'],
    ['tel:07700900123;phone-context=example.com', '07700900123'],
    ['tel:+447700900123;cpc=ordinary;ext=', '+447700900123'],
    ['\uff0b\uff14\uff147700\uff0d900123', '+447700900123'],
    ['\u0664\u0664\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663', '447700900123'],
    ['\u096a\u096a7700900123', '447700900123'],
    ['447,700,900,123', '447700900123'],
    ["447'700'900'123", '447700900123'],
  ])('of %j is %s', (raw, mobile) => {
    expect(stored(raw)).toBe(mobile)
    expect(stored(mobile)).toBe(mobile)
  })

  it.each([
    ['447700900123.0', '447700900123'],
    ['447700900123.00', '447700900123'],
    ['447700900123.0000', '447700900123'],
    ['447700900123,0', '447700900123'],
    ['+44 7700 900123.0', '+447700900123'],
    ['447,700,900,123.00', '447700900123'],
    ['447.700.900.123,00', '447700900123'],
    ['\u0664\u0664\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663\u066b\u0660', '447700900123'],
    ['447700900123.5', 'decimal'],
    ['447700900123.25', 'decimal'],
    ['447,700,900,123.5', 'decimal'],
    ['44770.000', 'decimal'],
    ['4.47701E+11', 'rounded'],
    ['4,47701e+11', 'rounded'],
    ['447700900123E0', 'rounded'],
  ])('of the decimal number %s is %s, never ten times the number', (raw, mobile) => {
    expect(stored(raw)).toBe(mobile)
  })

  it.each([
    ['no digits', 'Jo'],
    ['too few', '1234'],
    ['too many', '1'.repeat(21)],
    ['a letter', '90199x5123'],
    ['two plus signs', '++447700900123'],
    ['a plus sign in the middle', '44+7700900123'],
    ['a mask', '4477009***'],
    ['two numbers', '447700900123,447700900124'],
    ['two numbers with a semicolon', '447700900123;447700900124'],
    ['another last digit', '07700 900123/4'],
    ['a control character', '44\u00017700900123'],
    ['a formula', '=447700900123+1'],
    ['more than anybody writes', `${' '.repeat(300)}447700900123`],
    ['thousands of prefixes', 'tel:'.repeat(60)],
  ])('is nothing where there is %s', (_, raw) => {
    expect(stored(raw)).toBe('not_a_number')
  })

  it('is nothing where it has an extension, which no message reaches', () => {
    expect(stored('tel:+447700900123;ext=12')).toBe('extension')
    expect(stored('+447700900123;isub=1')).toBe('extension')
  })
})

describe('the key of a number', () => {
  it.each([
    '+447700900123',
    '447700900123',
    '00447700900123',
    '+00447700900123',
    '+4407700900123',
    '004407700900123',
    '4407700900123',
    '+44 (0)7700 900123',
    'tel:+44-7700-900123',
    '447700900123.0',
  ])('of %s is 447700900123', (raw) => {
    expect(keyOf(raw)).toBe('447700900123')
    for (const country of ['GB', 'US', 'IN', 'DE'] as const) {
      if (raw !== '4407700900123') expect([country, keyOf(raw, country)]).toEqual([country, '447700900123'])
    }
  })

  it.each(['07700900123', '7700900123', '9019955123', '09019955123', '12345', '0012345', '85551'])(
    'of the national or short number %s is itself, where no country is set',
    (raw) => {
      expect(keyOf(raw)).toBe(raw)
    },
  )

  it.each([
    ['GB', '07700 900123', '447700900123'],
    ['GB', '7700900123', '447700900123'],
    ['IN', '9019955123', '919019955123'],
    ['IN', '09019955123', '919019955123'],
    ['US', '(415) 555-2671', '14155552671'],
    ['US', '1-415-555-2671', '14155552671'],
    ['US', '011 44 7700 900123', '447700900123'],
    ['AU', '0011 44 7700 900123', '447700900123'],
    ['RU', '8 912 345-67-89', '79123456789'],
    ['IT', '347 123 4567', '393471234567'],
    ['AR', '011 15-2345-6789', '5491123456789'],
    ['DE', '0151 11234567', '4915111234567'],
  ] as const)('in %s of the national number %s is %s', (country, raw, key) => {
    expect(keyOf(raw, country)).toBe(key)
    expect(keyOf(`+${key}`, country)).toBe(key)
    expect(keyOf(key, country)).toBe(key)
  })

  it.each([
    ['GB', '12345'],
    ['DE', '12345'],
    ['US', '07700900123'],
    ['US', '88888'],
    ['GB', '0012345'],
  ] as const)('in %s of %s, which is no number there, is itself', (country, raw) => {
    expect(keyOf(raw, country)).toBe(raw)
  })

  it('comes from the country that is set where digits are a mobile number there and something else abroad', () => {
    // Florida, and Mechelen in Belgium.
    expect(keyOf('3215551234', 'US')).toBe('13215551234')
    expect(keyOf('+3215551234', 'US')).toBe('3215551234')
    expect(keyOf('3215551234')).toBe('3215551234')
  })

  it('does not take what follows a country code away from numbers that are whole with it', () => {
    // Connecticut without a country code: not +86 5550123.
    expect(keyOf('8605550123')).toBe('8605550123')
    expect(keyOf('+390612345678')).toBe('390612345678')
  })

  it('of a mask is the mask, and of what is no number is nobody else’s', () => {
    const { keyOf, isMaskOf } = mobileRule('GB')
    expect(keyOf('4477009***')).toBe('4477009***')
    expect(keyOf('+4477009***')).toBe('4477009***')
    expect(keyOf('4.47701E+11')).not.toMatch(/^\d/)
    expect(isMaskOf('447700900***', '+447700900123')).toBe(true)
    expect(isMaskOf('07700900***', '00447700900123')).toBe(true)
    expect(isMaskOf('447700901***', '+447700900123')).toBe(false)
    expect(isMaskOf('447700900123', '447700900123')).toBe(false)
  })

  it.each([undefined, 'MX'] as const)(
    'is one with and without the 1 that Mexico wrote after its code (%s)',
    (country) => {
      for (const raw of ['+52 1 55 1234 5678', '+52 55 1234 5678', '5215512345678', '0052 1 55 1234 5678']) {
        expect([raw, keyOf(raw, country)]).toEqual([raw, '525512345678'])
      }
      expect(mobileRule(country).spellingsOf('525512345678')).toContain('5215512345678')
      expect(keyOf('+1 555 123 4567')).toBe('15551234567')
    },
  )

  it('is one for all spellings of a number, in all countries', () => {
    const separators = ['', ' ', '-', '.', '/', ' - ', '\u00a0', '\u2011', '\u2212', '\u200b', '\uff0d']
    const wrappings: ((text: string) => string)[] = [
      (text) => text,
      (text) => ` ${text}\t`,
      (text) => `'${text}`,
      (text) => `="${text}"`,
      (text) => `tel:${text}`,
      (text) => `\u202a${text}\u202c`,
      (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit))),
    ]
    const spellings = fc.tuple(
      numbers,
      fc.constantFrom('+', '00', '', '\uff0b'),
      fc.boolean(),
      fc.constantFrom(...separators),
      fc.constantFrom(...wrappings),
    )
    fc.assert(
      fc.property(spellings, ([{ country, callingCode, national }, prefix, hasZero, separator, wrap]) => {
        const groups = national.match(national.length % 2 ? /^\d{3}|\d\d/g : /\d\d/g) ?? []
        const zero = hasZero && numberingPlan(country).trunk === '0' ? ' (0) ' : ' '
        const raw = wrap(prefix + callingCode + zero + groups.join(separator))
        expect([raw, keyOf(raw)]).toEqual([raw, callingCode + national])
        expect([raw, keyOf(raw)]).toEqual([raw, mobileRule(undefined).keyOf(callingCode + national)])
      }),
      { numRuns: 2000 },
    )
  })

  it('is one for national and international spellings where the country is set', () => {
    fc.assert(
      fc.property(numbers, ({ country, callingCode, national }) => {
        const { trunk } = numberingPlan(country)
        // There a carrier's code may follow the zero.
        fc.pre(country !== 'CO')
        for (const raw of [`+${callingCode}${national}`, callingCode + national, national, trunk + national]) {
          expect([country, raw, keyOf(raw, country)]).toEqual([country, raw, callingCode + national])
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is another for another number', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.constantFrom(undefined, 'GB', 'IN', 'US'), (one, other, country) => {
        const [a, b] = [one, other].map(({ callingCode, national }) => `+${callingCode}${national}`)
        fc.pre(a !== undefined && b !== undefined && a !== b)
        expect(keyOf(a ?? '', country)).not.toBe(keyOf(b ?? '', country))
      }),
      { numRuns: 1000 },
    )
  })

  it('is found by the spellings of it, under which a number may be stored without a key', () => {
    fc.assert(
      fc.property(numbers, ({ country, callingCode, national }) => {
        const rule = mobileRule(country)
        const digits = parsePhoneNumberFromString(`+${callingCode}${national}`)?.formatNational().replace(/\D/g, '')
        const stored = [callingCode + national, `00${callingCode}${national}`, national, digits ?? '']
        expect(rule.spellingsOf(callingCode + national)).toEqual(expect.arrayContaining(stored))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a number without its country code', () => {
  it('gets it where the country is set, and others stay as they are', () => {
    const { international } = mobileRule('GB')
    expect(['07700900123', '7700900123'].map(international)).toEqual(['447700900123', '447700900123'])
    const others = ['+447700900123', '447700900123', '00447700900123', '12345', '4477009***', '+14155552671']
    expect(others.map(international)).toEqual(others)
    expect(mobileRule(undefined).international('07700900123')).toBe('07700900123')
  })
})

describe('what is looked for', () => {
  it.each([
    ['+44 (0)7700 900123', '+447700900123'],
    ['123', '123'],
    ['447700900***', '447700900***'],
    ['+44 7700 900 ***', '+447700900***'],
    ['Jo', null],
    ['4.47701E+11', null],
    ['1'.repeat(33), null],
    ['*'.repeat(33), null],
  ])('%j is %s', (raw, sought) => {
    expect(soughtMobile(raw)).toBe(sought)
  })
})

describe('what another system has stored', () => {
  it.each([
    ['+44 (0)7700 900123', { mobile: '+447700900123' }],
    [' 9019955*** ', { mobile: '9019955***' }],
    ['unknown', { mobile: 'unknown' }],
    ['447700900123.0', { mobile: '447700900123' }],
    ['4.47701E+11', { problem: 'rounded' }],
    ['447700900123.5', { problem: 'decimal' }],
  ])('%j is kept as %o', (raw, read) => {
    expect(foreignMobile(raw)).toEqual(read)
  })
})
