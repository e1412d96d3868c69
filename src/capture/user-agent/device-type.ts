import type { ClientHints } from './client-hints.js'
import type { ParsedAgent } from './parsed-agent.js'

/** Kind of device under the contract's names; '' where nothing tells. */
export function describeDeviceType(
  userAgent: string,
  parsed: ParsedAgent,
  hints: ClientHints,
  platform: string,
  model: string,
): string {
  const named = DEVICE_TYPES.get(parsed.deviceType) ?? ''
  if (platform === 'iPadOS' || platform === 'iOS' || platform === 'watchOS') return appleType(userAgent)
  if (TELEVISION.test(userAgent)) return 'tv'
  if (platform === 'Windows' && /\bTouch\b/.test(userAgent)) return 'tablet'
  if (DESKTOPS.has(platform)) return desktopType(named)
  const harmony = HARMONY_DEVICE.exec(userAgent)?.[1]
  if (harmony !== undefined) return HARMONY_TYPES.get(harmony.toLowerCase()) ?? named
  const hinted = FORM_FACTORS.get(/"(\w+)"/.exec(hints.formFactors)?.[1] ?? '')
  if (hinted !== undefined) return hinted
  if (/\bDoCoMo\//.test(userAgent) || platform === 'KaiOS') return 'feature phone'
  if (platform === 'Android' || platform === 'Fire OS' || platform === 'HarmonyOS') {
    return androidType(userAgent, named, model)
  }
  return named
}

const DEVICE_TYPES: ReadonlyMap<string, string> = new Map([
  ['mobile', 'smartphone'],
  ['tablet', 'tablet'],
  ['smarttv', 'tv'],
  ['console', 'console'],
  ['wearable', 'wearable'],
  ['embedded', 'smart speaker'],
])

/** First value of Sec-CH-UA-Form-Factors: https://wicg.github.io/ua-client-hints/#sec-ch-ua-form-factors */
const FORM_FACTORS: ReadonlyMap<string, string> = new Map([
  ['Automotive', 'car browser'],
  ['Tablet', 'tablet'],
  ['XR', 'wearable'],
  ['Watch', 'wearable'],
])

/**
 * OpenHarmony says which kind of device it runs on, in front of its own name.
 *
 * Source: https://developer.huawei.com/consumer/en/doc/harmonyos-guides/web-default-useragent
 */
const HARMONY_DEVICE = /\((\w+); ?OpenHarmony/i

const HARMONY_TYPES: ReadonlyMap<string, string> = new Map([
  ['phone', 'smartphone'],
  ['tablet', 'tablet'],
  ['pc', 'desktop'],
  ['2in1', 'desktop'],
  ['tv', 'tv'],
  ['wearable', 'wearable'],
  ['watch', 'wearable'],
  ['car', 'car browser'],
])

const TELEVISION = /\bTV\b|HbbTV|SmartTV|SMART-TV|NetCast|\bWeb0S\b|GoogleTV|BRAVIA|\bAFT[A-Z]\w*\b|\bKodi\/|; ?H96\b/

/** An application without a browser (CFNetwork) does not say which device it runs on. */
function appleType(userAgent: string): string {
  if (/\biPad/.test(userAgent)) return 'tablet'
  if (/\biPhone|\biPod/.test(userAgent)) return 'smartphone'
  if (/\bHomePod\b/.test(userAgent)) return 'smart speaker'
  return /\bWatch/.test(userAgent) ? 'wearable' : ''
}

/** A game console's browser may claim a desktop system; nothing else on one is more than a desktop. */
function desktopType(named: string): string {
  return named === 'console' || named === 'tv' ? named : 'desktop'
}

/** Google asks for the word Mobile on phones only; browsers of others add it on tablets too, which the model betrays. */
function androidType(userAgent: string, named: string, model: string): string {
  if (/\bVR\b|\bWatch\b/.test(userAgent)) return 'wearable'
  if (/^AEO[A-Z]{2}$|\bAlexaMediaPlayer\b/.test(model || userAgent)) return 'smart speaker'
  if (named !== '' && named !== 'smartphone' && named !== 'tablet') return named
  if (TABLET_MODEL.test(model) || /\/apad\b/.test(userAgent)) return 'tablet'
  if (/\bMobile\b/.test(userAgent) || PHONE_MODEL.test(model)) return 'smartphone'
  return /\bSafari\/|\bFirefox\/|\bTablet\b/.test(userAgent) ? 'tablet' : 'smartphone'
}

/** Tablets by the naming scheme of their makers; the last group are the codes of Wi-Fi-only Huawei and Honor models. */
const TABLET_MODEL =
  /(?:\b|_|Mi ?)(?:Tab|Pad\d?)(?:\b|_|\d|\+)|MatePad|MediaPad|PrimeTab|Pixel Tablet|^SM-[TXP]\d|^GT-P\d|^KF[A-Z]{2,}|^\d{4,5}RP\w|^OPD\d|^RMP\d|^i?PA\d{4}$|^TB-?[\dX]|^[A-Z]{3}\d?-W\d\d/i

/** Phones by the same schemes, for those that ask for the desktop site and so leave out the word Mobile. */
const PHONE_MODEL =
  /^(?:SAMSUNG[ -])?SM-[AEFGJMNS]\d|^RMX\d|^CPH\d|^Pixel \d|^Redmi (?:Note|\d)|^ZTE Blade|^moto [a-z]\d|^(?!KRJ)[A-Z]{3}-(?:AN|NX|LX)\d/i

/** Systems of desktop computers: there a device has neither maker nor model of its own. */
export const DESKTOPS: ReadonlySet<string> = new Set([
  'Windows',
  'Mac',
  'GNU/Linux',
  'Chrome OS',
  'Chromium OS',
  'Arch Linux',
  'BSD',
  'CentOS',
  'Debian',
  'Deepin',
  'DragonFly',
  'Fedora',
  'FreeBSD',
  'Gentoo',
  'GhostBSD',
  'Haiku OS',
  'Kali',
  'Kubuntu',
  'Lubuntu',
  'Mageia',
  'Mandriva',
  'Mint',
  'NetBSD',
  'OpenBSD',
  'openSUSE',
  'Pardus',
  'PCLinuxOS',
  'Raspberry Pi OS',
  'Raspbian',
  'Red Hat',
  'Rocky Linux',
  'Sabayon',
  'SerenityOS',
  'Slackware',
  'Solaris',
  'SUSE',
  'Ubuntu',
  'UOS',
  'Xubuntu',
  'ZorinOS',
])
