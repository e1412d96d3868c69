import { cleanModel, readAndroidModel } from './android-model.js'
import { readAppleModel } from './apple-device.js'
import { BRAND_NAMES } from './brand-names.js'
import type { ClientHints } from './client-hints.js'
import { DESKTOPS, describeDeviceType } from './device-type.js'
import { BRAND_ALIASES, MODEL_BRANDS } from './model-brands.js'
import type { ParsedAgent } from './parsed-agent.js'

export type Device = { readonly type: string; readonly brand: string; readonly model: string }

/** Kind, maker and model of the device; the model is the code the device states, not its marketing name. */
export function describeDevice(userAgent: string, parsed: ParsedAgent, hints: ClientHints, platform: string): Device {
  const model = deviceModel(userAgent, parsed, hints, platform)
  const type = describeDeviceType(userAgent, parsed, hints, platform, model)
  return { type, brand: deviceBrand(userAgent, parsed, platform, model), model }
}

function deviceModel(userAgent: string, parsed: ParsedAgent, hints: ClientHints, platform: string): string {
  if (platform === 'iOS' || platform === 'iPadOS') return readAppleModel(userAgent)
  if (hints.model !== '') return cleanModel(hints.model)
  if (ANDROIDS.has(platform)) return readAndroidModel(userAgent)
  // Chrome OS shows Android applications a Chromebook's name as the model; other desktops have none.
  if (DESKTOPS.has(platform)) return platform === 'Chrome OS' ? readAndroidModel(userAgent) : ''
  return parsed.deviceModel
}

function deviceBrand(userAgent: string, parsed: ParsedAgent, platform: string, model: string): string {
  if (APPLE_PLATFORMS.has(platform)) return 'Apple'
  if (DESKTOPS.has(platform) && platform !== 'Chrome OS') return ''
  // No other maker's devices run it.
  if (platform === 'HarmonyOS NEXT' || (platform === 'OpenHarmony' && /\bHuaweiBrowser\//.test(userAgent)))
    return 'Huawei'
  // Hi Nova sells Huawei's phones under Huawei's codes; only the firmware carries its name.
  if (/\bBuild\/Hinova/.test(userAgent)) return 'Hi Nova'
  const vendor = BRAND_ALIASES.get(parsed.deviceVendor.toLowerCase()) ?? parsed.deviceVendor
  return ANDROIDS.has(platform) || vendor === '' ? (brandOfModel(model) ?? vendor) : vendor
}

function brandOfModel(model: string): string | undefined {
  const byScheme = MODEL_BRANDS.find(([scheme]) => scheme.test(model))?.[1]
  if (byScheme !== undefined) return byScheme
  const words = model.toLowerCase().split(/[\s_/-]+/)
  const [first = '', second = ''] = words
  return BRAND_NAMES.get(`${first} ${second}`) ?? BRAND_NAMES.get(first) ?? BRAND_NAMES.get(first.replace(/\d.*$/, ''))
}

/** Where the model is a code of the maker's own, of which ua-parser-js knows fewer schemes than we do. */
const ANDROIDS: ReadonlySet<string> = new Set(['Android', 'Fire OS', 'HarmonyOS', 'Wear OS', 'Android TV'])

const APPLE_PLATFORMS: ReadonlySet<string> = new Set(['Mac', 'iOS', 'iPadOS', 'watchOS', 'tvOS'])
