const names = ['people', 'bots', 'line', 'ink-soft', 'ink', 'surface'] as const

export type ColourName = (typeof names)[number]

/** Colours of the style sheet as they are now, light or dark, for what is drawn without it. */
export function currentColours(within: HTMLElement): Record<ColourName, string> {
  const probe = document.createElement('span')
  within.append(probe)
  const colours = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`
      return [name, getComputedStyle(probe).color]
    }),
  )
  probe.remove()
  return colours as Record<ColourName, string>
}
