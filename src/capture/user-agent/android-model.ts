/** Segments of the bracketed system part that are not a device: encryption, language, WebView mark, emptied model. */
const NOT_A_MODEL =
  /^(?:[UINK]|wv|arm(?:_64|v?\d\w*)?|x86(?:_64)?|linux|mobile|tablet|phone|touch|vr|mobile vr|[a-z]{2}(?:[-_][a-z]{2,4})?|rv:[\d.]+|unspecified|unknown|HarmonyOS.*|[HG]MSCore .*|\d{1,2}(?:\.\d+)+|Android .*)?$/i

/**
 * Model code an Android device states for itself: `SM-A507FN` in `(Linux; Android 10; SAMSUNG SM-A507FN Build/QP1A…)`.
 *
 * Chrome since 110 sends the letter K for every model, which counts as none.
 */
export function readAndroidModel(userAgent: string): string {
  const system = /\bAndroid\b[ /-]?[\w.]*([^()]*(?:\([^()]*\)[^()]*)*)/i.exec(userAgent)?.[1] ?? ''
  for (const segment of system.split(';')) {
    const model = cleanModel(segment)
    if (!NOT_A_MODEL.test(model)) return model
  }
  return ''
}

/** Cuts the build number, and the maker that Samsung's and Meizu's browsers put in front of any model. */
export function cleanModel(segment: string): string {
  return segment
    .replace(/\bBuild\/.*$| MIUI\/.*$/i, '')
    .replace(/^'|'$/g, '')
    .replace(/^\s*(?:SAMSUNG[ -](?=(?:SM|GT|SGH|SCH|Redmi|POCO|Mi)\b)|MZ-(?=[A-Z][a-z]))/, '')
    .trim()
}
