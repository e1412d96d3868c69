import fc from 'fast-check'

/** Within a JSON text: what follows, up to the end of the string, stands there without quotes. */
export const bare = '@bare '

const references = ['link', 'webhook', 'delivery', 'token', 'visit', 'mobile', 'message', 'cursor', 'accountCursor']
const foreign = fc.constantFrom(...references).map((kind) => `@foreign ${kind}`)
const own = fc.constantFrom(...references).map((kind) => `@own ${kind}`)

const oddTexts = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    'a\udfffb',
    '\ufeff',
    '\u202e',
    '\r\n',
    '\x1b[31m',
    '%00',
    '%',
    '%zz',
    '\u{10ffff}',
  ],
  ...[
    'null',
    'undefined',
    'true',
    'NaN',
    'Infinity',
    '-0',
    '0x10',
    '1e5',
    '1e400',
    '٣',
    '1,2',
    ',',
    '-',
    '02',
    '+1',
    '1.5',
  ],
  ...[
    '-1',
    '0',
    '1',
    '2',
    '99',
    '100',
    '101',
    '2147483648',
    '9007199254740993',
    '9223372036854775808',
    '9'.repeat(400),
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '[object Object]',
    '[]',
    '{}',
    '{"a":1}',
    '"',
    "'",
    "' OR '1'='1",
    '%_\\',
    '\\',
  ],
  ...['../../etc/passwd', '#{7*7}', '{{browser}}', '{mobile', '<script>alert(1)</script>', '*', '(', '[', 'a]b', 'a[b'],
  ...[
    '2026-02-30',
    '2026-02-30 25:61:61',
    '0000-00-00 00:00:00',
    '+275760-09-13T00:00:00.001Z',
    '-000001-01-01T00:00:00Z',
  ],
  ...[
    '9999-12-31T23:59:59Z',
    '9999-12-31',
    'asia/kOLKATA',
    '0001-01-01',
    '1970-01-01T00:00:00+23:59',
    'Jun 26, 2026 - Jun 1, 1',
    'now',
    'Mars/Olympus',
  ],
  ...['javascript:alert(1)', 'file:///etc/passwd', 'http://[::1', 'http://169.254.169.254/', 'https://u:p@example.com'],
  ...[
    'https://',
    'http://\0',
    'https://exa mple.com/',
    'HTTPS://EXAMPLE.COM',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '256.1.1.1',
  ],
  ...['desktop,-tablet', '-', '--', ',,', '00000000-0000-0000-0000-000000000000', 'whsec_', '*****', 'Bearer x'],
]

/** A text that is seldom right anywhere. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map(unit), maxLength: 5 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', '𝕏', '1', '[', '%'), fc.constantFrom(51, 256, 2049, 9000, 70_000))
      .map(longText),
  },
  { weight: 1, arbitrary: foreign },
  { weight: 1, arbitrary: own },
)

function unit(code: number): string {
  return String.fromCharCode(code)
}

function longText([letter, length]: [string, number]): string {
  return letter.repeat(length)
}

const oddNumbers = [0, -1, -0, 1.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 2 ** 63, 301, 100_000_000_000]
const unquoted = [
  '1e400',
  '-1e400',
  '123456789012345678901234567890',
  '01',
  'NaN',
  "'a'",
  'undefined',
  '{',
  ']',
  '/**/1',
]

/** A value of JSON that is seldom right anywhere. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: oddText },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { length: 3 }, ...oddNumbers),
  },
  { weight: 1, arbitrary: fc.constantFrom(...unquoted).map((text) => bare + text) },
  { weight: 1, arbitrary: fc.array(oddText, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.dictionary(oddText, oddText, { maxKeys: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ noUnicodeString: false, maxDepth: 4 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(30, 33, 64, 1500, 20_000), fc.constantFrom('[]', '{}')).map(nested),
  },
  { weight: 1, arbitrary: fc.constantFrom(20, 21, 101, 1001, 11_000).map((length) => new Array(length).fill('a')) },
)

/** As text, because no program likes to write so many levels. */
function nested([levels, kind]: [number, string]): string {
  return kind === '[]'
    ? `${bare}${'['.repeat(levels)}1${']'.repeat(levels)}`
    : `${bare}${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}
