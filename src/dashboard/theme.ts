import { effect, signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

const key = 'smart-link-theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

export const theme = signal<Theme>(kept())
const systemIsDark = signal(dark.matches)
dark.addEventListener('change', () => {
  systemIsDark.value = dark.matches
})

/** Whether what is shown is dark: the person's choice, or the system's. */
export const isDark = () => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark')

export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value
  })
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  try {
    localStorage.setItem(key, chosen)
  } catch {
    // Then it lasts as long as the page.
  }
}

function kept(): Theme {
  try {
    const value = localStorage.getItem(key)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}
