import { texts } from '../texts.js'
import { chooseTheme, type Theme, theme } from '../theme.js'
import { Icon, type IconName } from './icon.js'

const order: Record<Theme, { next: Theme; icon: IconName }> = {
  system: { next: 'light', icon: 'system' },
  light: { next: 'dark', icon: 'sun' },
  dark: { next: 'system', icon: 'moon' },
}

export function ThemeButton() {
  const { next, icon } = order[theme.value]
  const label = texts.theme(theme.value)
  return (
    <button type="button" class="icon-button" onClick={() => chooseTheme(next)} title={label} aria-label={label}>
      <Icon name={icon} />
    </button>
  )
}
