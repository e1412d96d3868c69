/** One entry of a brand list: who the browser says it is, and its version as sent. */
export type HintBrand = { readonly name: string; readonly version: string }

/** What the client-hint headers of a request say; '' and empty lists where a header is missing. */
export type ClientHints = {
  /** Low-entropy brands, then those with full versions: a later entry of the same name is the better one. */
  readonly brands: readonly HintBrand[]
  /** Deprecated single full version (Chrome before 98), of the browser the user sees. */
  readonly fullVersion: string
  readonly platform: string
  readonly platformVersion: string
  readonly model: string
  readonly formFactors: string
  /** Package of the Android application around a WebView. */
  readonly requestedWith: string
}

const HINT_HEADERS = [
  'sec-ch-ua',
  'sec-ch-ua-full-version-list',
  'sec-ch-ua-full-version',
  'sec-ch-ua-platform',
  'sec-ch-ua-platform-version',
  'sec-ch-ua-model',
  'sec-ch-ua-form-factors',
  'x-requested-with',
] as const

/** Real brand lists stay under 200 characters; the rest of a longer header is not worth parsing. */
const HEADER_LENGTH = 512

/** Header names are lower-case, as Node delivers them; a repeated header may be a list. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** The hint headers as one string, equal for two requests exactly when every hint used is equal. */
export function hintsKey(headers: RequestHeaders): string {
  return HINT_HEADERS.map((name) => headerText(headers, name)).join('\n')
}

/** The hint headers that were sent, for keeping; null where there was none. */
export function sentHints(headers: RequestHeaders): Record<string, string> | null {
  const sent = HINT_HEADERS.map((name) => [name, headerText(headers, name)] as const).filter(([, text]) => text !== '')
  return sent.length === 0 ? null : Object.fromEntries(sent)
}

/**
 * Reads the structured headers of User-Agent Client Hints.
 *
 * Source: https://wicg.github.io/ua-client-hints/ – brand lists hold deliberately meaningless entries ("Not;A=Brand"),
 * which a caller must skip; strings are quoted. Sec-CH-UA-Mobile is left out: the user agent says it too.
 */
export function readClientHints(headers: RequestHeaders): ClientHints {
  const text = (name: (typeof HINT_HEADERS)[number]) => headerText(headers, name)
  return {
    brands: [...brandList(text('sec-ch-ua')), ...brandList(text('sec-ch-ua-full-version-list'))],
    fullVersion: unquote(text('sec-ch-ua-full-version')),
    platform: unquote(text('sec-ch-ua-platform')),
    platformVersion: unquote(text('sec-ch-ua-platform-version')),
    model: unquote(text('sec-ch-ua-model')),
    formFactors: text('sec-ch-ua-form-factors'),
    requestedWith: text('x-requested-with'),
  }
}

function headerText(headers: RequestHeaders, name: string): string {
  const value = headers[name]
  const text = typeof value === 'string' ? value : (value?.join(', ') ?? '')
  return text.slice(0, HEADER_LENGTH)
}

function brandList(header: string): HintBrand[] {
  return [...header.matchAll(/"([^"]*)";\s?v="([^"]*)"/g)].map(([, name = '', version = '']) => ({ name, version }))
}

function unquote(value: string): string {
  return value.replaceAll('"', '').trim()
}
