import { curlLine, requestsOnScreen } from '../api/on-screen.js'
import { texts } from '../texts.js'
import { CopyButton } from './copy-button.js'
import { Dialog } from './dialog.js'

/** What is on the screen, as lines for a shell. The token is a placeholder. */
export function CurlDialog({ onClose }: { onClose: () => void }) {
  const lines = [...new Set([...requestsOnScreen.value.values()].flat().map(curlLine))]
  return (
    <Dialog title={texts.curl.title} onClose={onClose}>
      <p>{texts.curl.text}</p>
      <pre class="code">export SMART_LINK_TOKEN='{texts.curl.placeholder}'</pre>
      <ul class="curl-lines">
        {lines.map((line) => (
          <li key={line}>
            <pre class="code">{line}</pre>
            <CopyButton text={line} label={texts.curl.copy} />
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
