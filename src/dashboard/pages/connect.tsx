import { useState } from 'preact/hooks'
import { createSmartLink } from '../../client/index.js'
import { type Problem, problemOf, unreachable } from '../api/problem.js'
import { TextField } from '../parts/field.js'
import { Footer } from '../parts/footer.js'
import { ProblemNote } from '../parts/problem-note.js'
import { ThemeButton } from '../parts/theme-button.js'
import { Title } from '../parts/title.js'
import { begin, farewell } from '../session.js'
import { apiUrl } from '../surroundings.js'
import { texts } from '../texts.js'

/** Asks for the access token, and tries it before anything else is shown. */
export function ConnectPage() {
  const [given, setGiven] = useState('')
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const connect = async (event: Event) => {
    event.preventDefault()
    const token = given.trim().replace(/^Bearer\s+/i, '')
    if (token === '' || isBusy) return
    setBusy(true)
    const found = await problemWith(token)
    setBusy(false)
    setProblem(found)
    if (found === undefined) begin(token)
  }
  return (
    <div class="connect">
      <main class="connect-card">
        <div class="connect-head">
          <Title text={texts.connect.title} />
          <ThemeButton />
        </div>
        <p>{texts.connect.text}</p>
        {farewell.value !== null && problem === undefined && (
          <p class="note" role="status">
            {farewell.value}
          </p>
        )}
        <form onSubmit={connect}>
          <TextField
            label={texts.connect.token}
            hint={texts.connect.hint}
            type="password"
            name="token"
            autocomplete="off"
            spellcheck={false}
            value={given}
            onInput={(event) => setGiven(event.currentTarget.value)}
          />
          <ProblemNote problem={problem} />
          <button type="submit" class="button primary" disabled={isBusy || given.trim() === ''}>
            {isBusy ? texts.connect.busy : texts.connect.action}
          </button>
        </form>
        <details>
          <summary>{texts.connect.how}</summary>
          <p>{texts.connect.howText}</p>
          <pre class="code">npx smart-link token create --user 1 --expires-in 30d</pre>
        </details>
      </main>
      <Footer />
    </div>
  )
}

async function problemWith(token: string): Promise<Problem | undefined> {
  // A header takes no other characters, and no token has any.
  if (!/^[\x21-\x7e]+$/.test(token)) return { status: 401, message: texts.errors.unauthenticated(''), fields: {} }
  try {
    const { response, error } = await createSmartLink({ baseUrl: apiUrl, token }).GET('/auth/me')
    return response.ok ? undefined : problemOf(response, error)
  } catch {
    return unreachable()
  }
}
