import { useState } from 'preact/hooks'
import { useAnswer } from './api/use-answer.js'
import { hrefOf, place } from './location.js'
import { pageAt } from './pages/page-at.js'
import { CurlDialog } from './parts/curl-dialog.js'
import { Footer } from './parts/footer.js'
import { Icon, type IconName } from './parts/icon.js'
import { LiveMark } from './parts/live-mark.js'
import { ThemeButton } from './parts/theme-button.js'
import { end } from './session.js'
import { texts } from './texts.js'

const sections: { path: string; text: string; icon: IconName }[] = [
  { path: 'overview', text: texts.nav.overview, icon: 'overview' },
  { path: 'links', text: texts.nav.links, icon: 'links' },
  { path: 'developer', text: texts.nav.developer, icon: 'developer' },
]

/** What is around every page. */
export function Shell() {
  const caller = useAnswer((api, signal) => api.GET('/auth/me', { signal }), ['me'])
  const [showsCurl, showCurl] = useState(false)
  const [section = 'overview'] = place.value.path
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={skipToMain}>
        {texts.skip}
      </button>
      <header class="top">
        <a class="brand" href={hrefOf(['overview'])}>
          <img src={mark} alt="" width="24" height="24" />
          <span>{texts.name}</span>
        </a>
        <nav class="sections" aria-label={texts.nav.label}>
          {sections.map(({ path, text, icon }) => (
            <a key={path} href={hrefOf([path])} aria-current={section === path ? 'page' : undefined}>
              <Icon name={icon} />
              <span>{text}</span>
            </a>
          ))}
        </nav>
        <div class="top-tools">
          <LiveMark />
          <button type="button" class="icon-button" onClick={() => showCurl(true)} {...named(texts.curl.open)}>
            <span class="curl-mark" aria-hidden="true">
              $_
            </span>
          </button>
          <ThemeButton />
          <button type="button" class="icon-button" onClick={() => end()} {...named(signOut(caller.data?.data))}>
            <Icon name="leave" />
          </button>
        </div>
      </header>
      <main>{pageAt(place.value)}</main>
      <Footer />
      {showsCurl && <CurlDialog onClose={() => showCurl(false)} />}
    </div>
  )
}

const mark = new URL('./icon.svg', import.meta.url).href

const named = (text: string) => ({ title: text, 'aria-label': text })

const signOut = (caller: { name?: string | null } | undefined) => texts.signOut(caller?.name || null)

/** No link: the address holds the page, so it cannot hold where on it to go. */
function skipToMain(): void {
  document.querySelector<HTMLElement>('main h1')?.focus()
}
