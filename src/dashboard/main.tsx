import { render } from 'preact'
import { aboutOf } from './about.js'
import { askAhead, forgetAhead } from './api/ahead.js'
import type { Problem } from './api/problem.js'
import { loadPart } from './load-part.js'
import { place } from './location.js'
import { texts } from './texts.js'
import { applyTheme } from './theme.js'

/** A device that is slow to draw would draw a page without numbers first; but nobody looks at nothing for longer. */
const patienceMs = 250

applyTheme()
const answered = askAhead(aboutOf(place.value, new Date()))
const app = await loadPart(import('./app.js'))
await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, patienceMs))])
const root = document.getElementById('app')
if (root !== null) render('part' in app ? <app.part.App /> : <Missing {...app.problem} />, root)
forgetAhead()

function Missing({ message }: Problem) {
  return (
    <main class="connect">
      <h1>{texts.name}</h1>
      <p role="alert">{message}</p>
    </main>
  )
}
