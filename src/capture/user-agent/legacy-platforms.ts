/**
 * Systems that ua-parser-js does not name, or names too coarsely, by what their browsers put in the user agent; first
 * match wins. `version` captures the version where the agent states one.
 */
export type PlatformToken = { readonly name: string; readonly token: RegExp; readonly version?: RegExp }

/** Believed over ua-parser-js. */
export const PRECISE_PLATFORMS: readonly PlatformToken[] = [
  { name: 'Chrome OS', token: /Chromebook/, version: /Build\/R\d+-([\d.]+)/ },
  { name: 'watchOS', token: /\bwatchOS[ /]\d/, version: /\bwatchOS[ /]([\d.]+)/ },
  { name: 'tvOS', token: /\btvOS[ /]\d/, version: /\btvOS[ /]([\d.]+)/ },
  // From 5 on HarmonyOS is built on OpenHarmony alone, and calls itself by its own name only where its maker lets it.
  { name: 'HarmonyOS NEXT', token: /OpenHarmony[^()]*\bHarmonyOS/, version: /\bHarmonyOS[ /]?(\d[\d.]*)/ },
  { name: 'OpenHarmony', token: /OpenHarmony/, version: /OpenHarmony[ /]?(\d[\d.]*)/ },
  { name: 'HarmonyOS', token: /HarmonyOS/, version: /HarmonyOS[ /](\d[\d.]*)/ },
  { name: 'Fire OS', token: /\bFire OS\/\d/, version: /\bFire OS\/([\d.]+)/ },
  { name: 'Mac', token: /\bDarwin\/.*\((?:x86_64|i386)\)/ },
  { name: 'Symbian OS Series 60', token: /Series60|\(S60V\d/, version: /Series60\/([\d.]+)|\(S60(V\d)/ },
  { name: 'Sailfish OS', token: /\bSailfish\b/ },
  { name: 'webOS', token: /\bWeb0S\b/, version: /WEBOS(\d[\d.]*)/ },
  { name: 'palmOS', token: /PalmSource/ },
  { name: 'Windows CE', token: /Windows CE\b/ },
  { name: 'Deepin', token: /\bDeepin\b/, version: /Deepin\/([\d.]+)/ },
]

/** Believed where ua-parser-js has nothing to say: mostly phones from before smartphones. */
export const FALLBACK_PLATFORMS: readonly PlatformToken[] = [
  { name: 'iOS', token: /\b(?:iPhone|iPod)/, version: /\bOS (\d+(?:[._]\d+)*)/ },
  { name: 'Mac', token: /\b(?:Mac OS X|Mac OS|os=Mac)[ /]\d/, version: /\b(?:Mac OS X|Mac OS|os=Mac)[ /]([\d.]*\d)/ },
  { name: 'Brew', token: /\bBREW\b/ },
  { name: 'MTK / Nucleus', token: /Nucleus RTOS|\bMTK\d/ },
  { name: 'Symbian', token: /^Nokia/i },
  { name: 'Java ME', token: /\bMIDP|\bCLDC|UP\.Browser|\bJ2ME\b|\(Java;|^(?:SAMSUNG|LGE?|MOT|SIE)-.*Profile/ },
  { name: 'Windows', token: /\bWindows/ },
  { name: 'GNU/Linux', token: /\bLinux\b|\bX11\b/ },
]
