import { ConnectPage } from './pages/connect.js'
import { Announcements } from './parts/announce.js'
import { token } from './session.js'
import { Shell } from './shell.js'

/** location → query → data → view: pages read where they are, ask the API, and show what it says. */
export function App() {
  return (
    <>
      {token.value === null ? <ConnectPage /> : <Shell key={token.value} />}
      <Announcements />
    </>
  )
}
