import type { ClientHints } from './client-hints.js'
import { FALLBACK_PLATFORMS, type PlatformToken, PRECISE_PLATFORMS } from './legacy-platforms.js'
import type { ParsedAgent } from './parsed-agent.js'
import { PLATFORM_ALIASES, PLATFORM_CODES, WINDOWS_VERSIONS } from './platform-names.js'

export type Platform = { readonly name: string; readonly code: string; readonly version: string }

type NamedVersion = { readonly name: string; readonly version: string }

/** Operating system and its version: the user agent's, corrected where browsers froze it, replaced where hints know it. */
export function describePlatform(userAgent: string, parsed: ParsedAgent, hints: ClientHints): Platform {
  const stated = statedPlatform(userAgent, parsed)
  const { name, version } = hintedPlatform(stated, hints) ?? stated
  // `XP` and `Vista` are versions, the dot of `com.google.android.apps` is none.
  return { name, code: PLATFORM_CODES.get(name) ?? '', version: /[a-z\d]/i.test(version) ? version : '' }
}

function statedPlatform(userAgent: string, parsed: ParsedAgent): NamedVersion {
  const precise = matchPlatform(userAgent, PRECISE_PLATFORMS)
  if (precise && !/\b(?:iPhone|iPad)\b/.test(userAgent)) return precise
  const recognised = canonicalName(parsed.os)
  if (/\b(?:iPhone|iPad|iPod)\b|^iPhone/.test(userAgent) || recognised === 'iOS')
    return applePlatform(userAgent, parsed)
  if (recognised === '') return matchPlatform(userAgent, FALLBACK_PLATFORMS) ?? { name: '', version: '' }
  if (recognised === 'Mac') return { name: 'Mac', version: thawAppleVersion(userAgent, parsed.osVersion.trim()) }
  if (recognised === 'Windows' || recognised === 'Windows IoT')
    return { name: recognised, version: windowsVersion(parsed.osVersion) }
  if (recognised === 'Android') return androidPlatform(userAgent, parsed)
  return { name: recognised, version: recognised === 'GNU/Linux' ? '' : parsed.osVersion }
}

function matchPlatform(userAgent: string, tokens: readonly PlatformToken[]): NamedVersion | undefined {
  const match = tokens.find(({ token }) => token.test(userAgent))
  const version = match?.version?.exec(userAgent)?.slice(1).find(Boolean) ?? ''
  return match && { name: match.name, version: version.replaceAll('_', '.') }
}

function canonicalName(parsedName: string): string {
  const lower = parsedName.toLowerCase()
  return PLATFORM_ALIASES.get(lower) ?? BY_LOWER_CASE.get(lower) ?? parsedName
}

const BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(
  [...PLATFORM_CODES.keys()].map((name): [string, string] => [name.toLowerCase(), name]),
)

/** iPads run iPadOS from 13 on; an application without a browser names only the kernel. */
function applePlatform(userAgent: string, parsed: ParsedAgent): NamedVersion {
  const kernel = /\bDarwin\/(\d+)\.(\d+)/.exec(userAgent)
  const stated = kernel ? systemOfKernel(Number(kernel[1]), Number(kernel[2])) : appleVersion(userAgent, parsed)
  const version = thawAppleVersion(userAgent, stated)
  return { name: /\biPad\b/.test(userAgent) && majorOf(version) >= 13 ? 'iPadOS' : 'iOS', version }
}

function appleVersion(userAgent: string, parsed: ParsedAgent): string {
  const stated = /\b(?:iPhone OS|iPad OS|CPU OS|CPU iOS|iOS)[ /]?(\d+(?:[._]\d+)*)/.exec(userAgent)?.[1] ?? ''
  return (stated || (parsed.os === 'iOS' ? parsed.osVersion : '')).replaceAll('_', '.')
}

/** Darwin 22.4 is the kernel of iOS 16.4; the distance of six became minus one when Apple numbered by year. */
function systemOfKernel(major: number, minor: number): string {
  if (major >= 25) return `${major + 1}.${minor}`
  return major >= 13 ? `${major - 6}.${minor}` : ''
}

/**
 * Safari 26 froze the system it reports at 18_6 (later 18_7 and their like) and 10_15_7; from there on its own version is the
 * system's, and so is what the application around it says of the system. iOS 19 was never released: its betas became iOS 26.
 *
 * Source: https://webkit.org/blog/17333/webkit-features-in-safari-26-0/
 */
function thawAppleVersion(userAgent: string, stated: string): string {
  if (/^19\b/.test(stated)) return stated.replace('19', '26')
  const isFrozen = /^18\.[67]\b|^10\.15\.7$/.test(stated)
  const named = isFrozen || /^18\b/.test(stated) ? namedVersion(userAgent, APP_NAMES) : undefined
  const thawed = named ?? (isFrozen ? namedVersion(userAgent, BROWSER_NAMES) : undefined)
  if (thawed !== undefined) return thawed
  const own = /\b(?:Version|iOS)\/(\d+(?:\.\d+)*)/.exec(userAgent)?.[1] ?? ''
  const isFuller = /^18\.[67]$/.test(stated) && (own.startsWith(`${stated}.`) || own.startsWith('18.7.'))
  return isFuller ? own : stated
}

/** The first version that can be one of a system after the freeze. */
function namedVersion(userAgent: string, pattern: RegExp): string | undefined {
  const versions = [...userAgent.matchAll(pattern)].map(([, version = '']) => version.replaceAll('_', '.'))
  return versions.find((version) => majorOf(version) >= 26 && majorOf(version) < 60)
}

/**
 * `(iPhone14,7; iOS 26_2; …)` of Instagram and Threads, `FBSV/26.2` of Facebook, `;super/4.21.4/iOS/26.1` of Yahoo,
 * `__iphone__os26.2` of Weibo, `(Baidu; P2 26.2)`.
 */
const APP_NAMES =
  /(?:\bFBSV\/|\b(?:iPhone OS|iPadOS|iOS|macOS)[ /:_]?|__os|; P2 |\b(?:[Oo][Ss]|[Ss]ystem)[-_]?[Vv]ersion[/:= ])(\d+(?:[._]\d+)*)/g

const BROWSER_NAMES = /\bVersion\/(\d+(?:\.\d+)*)/g

/** Windows says the version of its kernel, "NT 6.1"; the contract wants the one on the box, "7". */
function windowsVersion(parsedVersion: string): string {
  return WINDOWS_VERSIONS.get(parsedVersion.toLowerCase()) ?? parsedVersion
}

function androidPlatform(userAgent: string, parsed: ParsedAgent): NamedVersion {
  const version = parsed.osVersion || (/\bAndroid;? (?:API )?(\d[\d.]*)/.exec(userAgent)?.[1] ?? '')
  return FIRE_DEVICE.test(userAgent) ? { name: 'Fire OS', version: fireVersion(version) } : { name: 'Android', version }
}

/** Amazon's model codes: Kindle Fire, Fire TV, Echo Show. */
const FIRE_DEVICE = /; ?(?:KF[A-Z]{2,}|AFT[A-Z]\w*|AEO[A-Z]{2,}|Kindle Fire)\b/

/** Fire OS by the Android release under it: https://developer.amazon.com/docs/fire-tv/fire-os-overview.html */
function fireVersion(androidVersion: string): string {
  if (androidVersion.startsWith('4.4')) return '4.5.1'
  return FIRE_VERSIONS.get(majorOf(androidVersion)) ?? ''
}

const FIRE_VERSIONS: ReadonlyMap<number, string> = new Map([
  [4, '3'],
  [5, '5'],
  [7, '6'],
  [9, '7'],
  [10, '8'],
  [11, '8'],
  [12, '14'],
  [13, '14'],
  [14, '14'],
])

/** The system of the hint where it is a different one (the user agent was changed), or is known more exactly. */
function hintedPlatform(stated: NamedVersion, hints: ClientHints): NamedVersion | undefined {
  const name = HINT_PLATFORMS.get(hints.platform.toLowerCase())
  if (name === undefined) return undefined
  const exact = name === 'Windows' ? windowsOfHint(hints.platformVersion) : hints.platformVersion
  if (name === stated.name) return exact === '' ? undefined : { name, version: exact }
  return DERIVED.get(name)?.has(stated.name) ? undefined : { name, version: exact }
}

const HINT_PLATFORMS: ReadonlyMap<string, string> = new Map([
  ['windows', 'Windows'],
  ['macos', 'Mac'],
  ['android', 'Android'],
  ['linux', 'GNU/Linux'],
  ['chrome os', 'Chrome OS'],
  ['chromium os', 'Chrome OS'],
  ['fuchsia', 'Fuchsia'],
])

/** Systems built on another one, under whose name their browsers send hints. */
const DERIVED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'Android',
    new Set([
      ...['Fire OS', 'HarmonyOS', 'HarmonyOS NEXT', 'OpenHarmony', 'Wear OS', 'HyperOS', 'Chrome OS', 'PICO OS'],
      ...['Android TV', 'KaiOS'],
    ]),
  ],
  [
    'GNU/Linux',
    new Set([...PLATFORM_CODES.keys()].filter((name) => !['', 'Windows', 'Mac', 'iOS', 'iPadOS'].includes(name))),
  ],
])

/**
 * Windows 11 still says NT 10.0; only the hint tells them apart: 13 and up is 11.
 *
 * Source: https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11
 */
function windowsOfHint(platformVersion: string): string {
  const major = majorOf(platformVersion)
  if (major >= 11) return '11'
  if (major >= 1) return '10'
  return OLD_WINDOWS_HINTS.get(platformVersion.slice(0, 3)) ?? ''
}

const OLD_WINDOWS_HINTS: ReadonlyMap<string, string> = new Map([
  ['0.1', '7'],
  ['0.2', '8'],
  ['0.3', '8.1'],
])

function majorOf(version: string): number {
  return Number.parseInt(version, 10) || 0
}
