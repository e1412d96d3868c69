import { render } from 'preact'
import { aboutOf } from './about.js'
import { askAhead, forgetAhead } from './api/ahead.js'
import { place } from './location.js'
import { applyTheme } from './theme.js'

/** A device that is slow to draw would draw a page without numbers first; but nobody looks at nothing for longer. */
const patienceMs = 250

applyTheme()
const answered = askAhead(aboutOf(place.value, new Date()))
const { App } = await import('./app.js')
await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, patienceMs))])
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
forgetAhead()
