import { APP_PACKAGES } from './app-packages.js'
import { BROWSER_ALIASES, HINT_BRANDS } from './browser-names.js'
import { BROWSER_TOKENS } from './browser-tokens.js'
import type { ClientHints } from './client-hints.js'
import type { ParsedAgent } from './parsed-agent.js'
import { COMMON_PRODUCTS, PRODUCT_NAMES } from './product-names.js'
import { type ProductToken, readProducts } from './product-tokens.js'

export type Browser = { readonly name: string; readonly version: string }

/**
 * Names the browser, or the application whose in-app browser it is.
 *
 * The more specific statement wins: the package that hosts the WebView, then a token of the application's own, then the
 * brand in the client hints, then what ua-parser-js recognises.
 */
export function describeBrowser(
  userAgent: string,
  parsed: ParsedAgent,
  hints: ClientHints,
  platform: string,
  mobile: boolean,
): Browser {
  const products = readProducts(userAgent)
  const declared = declaredByToken(userAgent) ?? declaredByProduct(products)
  const host = APP_PACKAGES.get(hints.requestedWith)
  if (host !== undefined) return { name: host, version: declared?.name === host ? declared.version : '' }
  if (declared) return declared
  const recognised = recognisedBrowser(userAgent, parsed, hints, products)
  const named = { ...recognised, name: nameForPlatform(recognised.name, platform, mobile) }
  return undeclaredProduct(named.name, products) ?? named
}

function declaredByToken(userAgent: string): Browser | undefined {
  const match = BROWSER_TOKENS.find((entry) => entry.token.test(userAgent))
  return match && { name: match.name, version: match.version?.exec(userAgent)?.slice(1).find(Boolean) ?? '' }
}

function declaredByProduct(products: readonly ProductToken[]): Browser | undefined {
  for (const product of products) {
    const name = PRODUCT_NAMES.get(product.name.toLowerCase())
    if (name !== undefined) return { name, version: product.version }
  }
  return undefined
}

function recognisedBrowser(
  userAgent: string,
  parsed: ParsedAgent,
  hints: ClientHints,
  products: readonly ProductToken[],
): Browser {
  const chrome = products.find((product) => product.name === 'Chrome')?.version
  let name = BROWSER_ALIASES.get(parsed.browser.toLowerCase()) ?? parsed.browser
  let version = parsed.browserVersion
  // A WebView that hides the mark "wv" still says Version/4.0 in front of Chrome.
  if (name === 'Android Browser' && chrome !== undefined) {
    name = 'Chrome Webview'
    version = chrome
  }
  // Safari's version is in Version/; without it ua-parser-js falls back to the number of the engine.
  if (
    (name === 'Safari' || name === 'Mobile Safari' || parsed.browser === 'WebKit') &&
    !/Version\/\d/.test(userAgent)
  ) {
    version = ''
  }
  const brand = hintedBrand(hints, name)
  if (brand) return hintedBrowser(brand, name === 'Opera' ? version : (chrome ?? version), hints)
  // Only Chrome's own token is reduced to its major version; a product's token beside it says what the product is.
  return { name, version: version === chrome ? refineVersion(version, name, hints) : version }
}

/** A brand's version is the product's own where it has parts; a bare major stands for the version of the user agent. */
function hintedBrowser(brand: Browser, version: string, hints: ClientHints): Browser {
  if (brand.version.includes('.')) return brand
  return { name: brand.name, version: refineVersion(version, brand.name, hints) }
}

/** Brands are believed where the user agent looks like plain Chromium: that is what Brave and others send. */
function hintedBrand(hints: ClientHints, recognised: string): Browser | undefined {
  if (!/^(?:Chrom(?:e|ium)(?: Webview)?|Opera)$/.test(recognised)) return undefined
  const brands = hints.brands.map(({ name, version }) => ({ name: brandName(name), version }))
  const product = brands.find(({ name }) => !PLAIN.has(name))
  return product && (brands.findLast(({ name }) => name === product.name) ?? product)
}

/** Name of a brand; '' for the deliberately meaningless one (https://wicg.github.io/ua-client-hints/#grease). */
function brandName(brand: string): string {
  if (/not.{0,3}a.{0,3}brand/i.test(brand)) return ''
  return HINT_BRANDS.get(brand.trim().toLowerCase()) ?? brand.trim()
}

const PLAIN: ReadonlySet<string> = new Set(['', 'Chromium', 'Chrome', 'Chrome Webview', 'Opera'])

/** Chromium reduces its user agent to `Chrome/150.0.0.0`; a brand's full version replaces it, a bare major does not. */
function refineVersion(version: string, name: string, hints: ClientHints): string {
  const own = hints.brands.filter((brand) => brandName(brand.name) === name)
  const engine = hints.brands.filter((brand) => brand.name === 'Chromium')
  const candidates = [own.at(-1)?.version, hints.fullVersion, engine.at(-1)?.version]
  return candidates.find((candidate) => candidate && isMoreDetailed(candidate, version)) ?? version
}

function isMoreDetailed(candidate: string, version: string): boolean {
  const significant = (text: string) => text.replace(/(?:\.0)+$/, '').split('.').length
  return candidate.split('.')[0] === version.split('.')[0] && significant(candidate) > significant(version)
}

/**
 * Products no table knows, where experience shows that the token is the product: anything called a browser, whatever an
 * application adds to Safari's user agent on iOS, and what Electron puts in front of Chrome.
 */
function undeclaredProduct(recognised: string, products: readonly ProductToken[]): Browser | undefined {
  const own = products.filter(({ name }) => !COMMON_PRODUCTS.has(name.toLowerCase()) && !NO_PRODUCT.test(name))
  const browser = own.find((product) => /^[a-z]\w*.?browser$/i.test(product.name))
  if (PLAIN.has(recognised) || recognised === 'Chrome Mobile' || recognised === 'Mobile Safari') {
    if (browser) return { name: spellBrowser(browser.name), version: browser.version }
  }
  const electron = products.some((product) => product.name === 'Electron')
  const [first] = own
  if (first && (recognised === 'Mobile Safari' || electron)) {
    return { name: first.name.replaceAll('_', ' '), version: first.version }
  }
  return undefined
}

/**
 * What stands where a product does and is none: a system or a device with its number (`iOS26/…`, `iPhone18,1/…`), a number by
 * itself, or the end of a name that was cut at a sign.
 */
const NO_PRODUCT =
  /^$|^\d|^(?:(?:i|iPad|mac|tv|watch|vision)?OS|iPhone(?:OS)?|iPad|iPod|Apple(?:TV|Watch)?|Watch|Mac(?:OS|Book\w*|mini)?|iMac|Darwin|Android|Linux|Windows|Harmony(?:OS)?|OpenHarmony|ArkWeb)[\d._-]*$/i

/** `surfybrowser`, `Surfy-Browser`, `SurfyBrowser` → `Surfy Browser` */
function spellBrowser(token: string): string {
  const name = token.replace(/[_-]?browser$/i, '')
  return `${name.charAt(0).toUpperCase()}${name.slice(1)} Browser`
}

function nameForPlatform(name: string, platform: string, mobile: boolean): string {
  if (platform === 'iOS' || platform === 'iPadOS') return IOS_NAMES.get(name) ?? name
  if (ANDROID_LIKE.has(platform)) {
    if (name === 'Chrome') return mobile ? 'Chrome Mobile' : 'Chrome'
    return ANDROID_NAMES.get(name) ?? name
  }
  return name
}

const IOS_NAMES: ReadonlyMap<string, string> = new Map([
  ['Chrome', 'Chrome Mobile iOS'],
  ['Firefox', 'Firefox Mobile iOS'],
  ['', 'Mobile Safari'],
  ['Safari', 'Mobile Safari'],
  ['Opera', 'Opera Mobile'],
])

/** Browsers whose name on a phone differs from that on a desktop. */
const ANDROID_LIKE: ReadonlySet<string> = new Set(['Android', 'Fire OS', 'HarmonyOS', 'HarmonyOS NEXT', 'OpenHarmony'])

const ANDROID_NAMES: ReadonlyMap<string, string> = new Map([
  ['Firefox', 'Firefox Mobile'],
  ['Opera', 'Opera Mobile'],
])
