import type { Plugin } from 'vite'

/** What uPlot makes when it is loaded, and the dashboard never uses: it has its own texts of numbers and times. */
const unused = [
  [
    "const numFormatter = new Intl.NumberFormat(domEnv ? nav.language : 'en-US');\nconst fmtNum = val => numFormatter.format(val);",
    'const fmtNum = String;',
  ],
  ['const localTz = new Intl.DateTimeFormat().resolvedOptions().timeZone;', "const localTz = '';"],
] as const

/**
 * uPlot without the two Intl formatters that it makes at once: a browser's first ones take a slow device as long as all the rest of
 * the first picture's scripts.
 *
 * @throws when another version of uPlot has them written in another way
 */
export function uplotWithoutIntl(): Plugin {
  return {
    name: 'uplot-without-intl',
    transform(code, id) {
      if (!id.endsWith('/uPlot.esm.js')) return null
      return unused.reduce((text, [given, instead]) => {
        if (!text.includes(given)) throw new Error(`${id} has no ${given}`)
        return text.replace(given, instead)
      }, code)
    },
  }
}
