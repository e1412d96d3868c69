/** Segments of the bracketed system part that are not a device: encryption, language, WebView mark, emptied model. */
const NOT_A_MODEL =
  /^(?:[UINK]|wv|arm(?:_64|v?\d\w*)?|x86(?:_64)?|linux|mobile|tablet|phone|touch|vr|mobile vr|[a-z]{2}(?:[-_][a-z]{2,4})?|rv:[\d.]+|unspecified|unknown|HarmonyOS.*|[HG]MSCore .*|\d{1,2}(?:\.\d+)+|Android .*)?$/i

/**
 * Model code an Android device states for itself: `SM-A507FN` in `(Linux; Android 10; SAMSUNG SM-A507FN Build/QP1A…)`.
 *
 * Chrome since 110 sends the letter K for every model, which counts as none.
 */
export function readAndroidModel(userAgent: string): string {
  const system = SYSTEM.exec(userAgent)?.[1] ?? ''
  const stated = system.split(';').map(cleanModel)
  return stated.find((model) => !NOT_A_MODEL.test(model)) ?? TELEGRAM_MODEL.exec(userAgent)?.[1] ?? ''
}

/**
 * What follows Android in the brackets, which a model may nest once: `(Linux; Android 11; moto g(9) power)`. Some proxies
 * strip the brackets, so they are not asked for.
 */
const SYSTEM = /(?<![.\w])Android(?![-\w])[ /]?[\w.]*([^()]*(?:\([^()]*\)[^()]*)*)/

/** Telegram says behind Chrome's reduced user agent what Chrome left out: `(Xiaomi 2304FPN6DG; Android 9; …)` */
const TELEGRAM_MODEL = /\bTelegram-Android\/\S+ \(\w+ ([^;)]+);/

/** Cuts the build number, and the maker that Samsung's and Meizu's browsers put in front of any model. */
export function cleanModel(segment: string): string {
  return segment
    .replace(/\bBuild\/.*$| (?:MIUI|AppleWebKit)\/.*$/i, '')
    .replace(/^'|'$/g, '')
    .replace(/^\s*(?:SAMSUNG[ -](?=(?:SM|GT|SGH|SCH|Redmi|POCO|Mi)\b)|MZ-(?=[A-Z][a-z]))/, '')
    .trim()
}
